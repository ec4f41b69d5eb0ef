/** One session against the real provider: out by the agent's hardened way, TLS on loopback, a store in memory. */
import type { Problem } from '../../../agent/src/core/problem.ts';
import type { SecretStore } from '../../../agent/src/core/secrets.ts';
import { createOutgoing, type OutgoingOptions } from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { sendThrough } from '../../../agent/src/main/send-http.ts';
import { type IdentityConfig, identityConfig } from '../../../agent/src/sync/identity/config.ts';
import { createProvider } from '../../../agent/src/sync/identity/provider.ts';
import { Session } from '../../../agent/src/sync/identity/session.ts';
import { CLIENT_ID, type OpenIdProviderOptions, startOpenIdProvider } from '../../kit/openid-provider.ts';
import { browse, type Page, type PersonOptions } from '../../kit/person.ts';
import { createTestAuthority, type TestAuthority } from '../../kit/pki.ts';

export class MemoryStore implements SecretStore {
  readonly entries = new Map<string, string>();
  readonly kept = 'memory';
  readonly problem: Problem | undefined = undefined;
  get(name: string): Promise<string | undefined> {
    return Promise.resolve(this.entries.get(name));
  }
  async set(name: string, value: string): Promise<void> {
    this.entries.set(name, value);
  }
  async delete(name: string): Promise<void> {
    this.entries.delete(name);
  }
  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.entries.keys()]);
  }
}

let authority: Promise<TestAuthority> | undefined;
export const testAuthority = (): Promise<TestAuthority> => {
  authority ??= createTestAuthority('Identity Root');
  return authority;
};

const closing: (() => Promise<unknown> | unknown)[] = [];
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}
export const closeLater = (close: () => Promise<unknown> | unknown): void => void closing.push(close);

export async function sender(options: Partial<OutgoingOptions> = {}) {
  const outgoing = createOutgoing({
    extraCertificates: [(await testAuthority()).pem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 2_000, connectMs: 2_000, handshakeMs: 2_000 },
    ...options,
  });
  closeLater(() => outgoing.close());
  return sendThrough(outgoing);
}

export async function provider(options: Partial<OpenIdProviderOptions> = {}) {
  const started = await startOpenIdProvider({ authority: await testAuthority(), ...options });
  closeLater(() => started.close());
  return started;
}

interface SessionSetup {
  readonly issuer: string;
  readonly secrets?: SecretStore;
  readonly config?: Partial<Record<keyof IdentityConfig, unknown>>;
  readonly outgoing?: Partial<OutgoingOptions>;
  readonly nowMs?: () => number;
}

export async function openSession(setup: SessionSetup) {
  const config = identityConfig.parse({
    issuer: setup.issuer,
    clientId: CLIENT_ID,
    prompt: 'consent',
    ...setup.config,
  });
  const send = await sender(setup.outgoing);
  const nowMs = setup.nowMs ?? Date.now;
  const secrets = setup.secrets ?? new MemoryStore();
  const events: string[] = [];
  const session = new Session({
    config,
    provider: createProvider(config, send, nowMs),
    secrets,
    nowMs,
    random: () => 0.5,
    event: (code, detail) => events.push(`${code}: ${detail}`),
    onChange: () => undefined,
  });
  closeLater(() => session.close());
  await session.open();
  return { session, config, events, secrets, send };
}

/** What a person does with an address that they are shown. */
export async function visit(url: string, options: Partial<PersonOptions> = {}): Promise<Page> {
  return browse(url, { ca: (await testAuthority()).pem, ...options });
}

export async function until(what: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
