import type { CertificateChain } from './revocation.ts';

export interface ResumableSession {
  /** OpenSSL's serialised session, for `tls.connect({session})`. */
  readonly ticket: Buffer;
  /** The chain that was verified when the session began. */
  readonly chain: CertificateChain;
}

const MAX_SESSIONS = 256;

/** TLS sessions by origin: the next connection saves a round trip and the chain's verification. In memory only. */
export class SessionCache {
  readonly #sessions = new Map<string, ResumableSession>();

  get(key: string): ResumableSession | undefined {
    return this.#sessions.get(key);
  }

  set(key: string, session: ResumableSession): void {
    this.#sessions.delete(key);
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '');
    this.#sessions.set(key, session);
  }

  drop(key: string): void {
    this.#sessions.delete(key);
  }

  /** Forgets every session whose key begins with `prefix`. */
  dropAll(prefix: string): void {
    for (const key of this.#sessions.keys()) if (key.startsWith(prefix)) this.#sessions.delete(key);
  }
}
