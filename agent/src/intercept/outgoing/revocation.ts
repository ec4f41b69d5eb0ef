/**
 * Is a certificate revoked? A stapled OCSP answer is read during the handshake; revocation lists are fetched off the
 * hot path and remembered. Both fail soft where they say nothing (counted), except for a certificate that promises a
 * staple (RFC 7633). docs/decisions/0018-upstream-trust.md says why.
 */
import type { OutgoingError } from '../ports.ts';
import { type CertificateFields, crlUrls, mustStaple, readCertificate } from './certificate-fields.ts';
import { readCrl } from './crl.ts';
import { hex } from './der.ts';
import { outgoingError } from './errors.ts';
import { ocspStatus } from './ocsp.ts';

/** DER, leaf first, each followed by its issuer; a root may end it. */
export type CertificateChain = readonly Uint8Array[];

export interface RevocationCounters {
  staplesGood: number;
  staplesUnusable: number;
  listsRead: number;
  listsFailed: number;
  revoked: number;
}

export interface RevocationOptions {
  /** Fetches a list over plain http, bounded in size and time. */
  readonly fetchList: (url: string) => Promise<Uint8Array>;
  /** A certificate that connections to this origin rely on has turned out to be revoked. */
  readonly onRevoked: (origin: string) => void;
  readonly now: () => number;
  readonly log: ((code: string, detail: string) => void) | undefined;
}

interface Verdict {
  readonly revoked: boolean;
  readonly untilMs: number;
}

/** Longest that a list's answer is believed, whatever it says itself. */
const MAX_LIFE_MS = 86_400_000;
/** After a failed fetch. */
const RETRY_MS = 600_000;
const MAX_VERDICTS = 2_000;

export class Revocation {
  readonly counters: RevocationCounters = {
    staplesGood: 0,
    staplesUnusable: 0,
    listsRead: 0,
    listsFailed: 0,
    revoked: 0,
  };
  readonly #options: RevocationOptions;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #pending = new Map<string, Promise<void>>();

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  /**
   * For a chain that OpenSSL has verified. Undefined, or why the connection must not be used. Never waits. A resumed
   * session carries no staple: what it promised was kept when it began.
   */
  refusal(
    host: string,
    chain: CertificateChain,
    staple: Uint8Array | undefined,
    resumed: boolean,
  ): OutgoingError | undefined {
    const [leaf, issuer] = chain;
    if (leaf === undefined) return outgoingError('certificate-invalid', `${host} sent no certificate.`);
    const stapled =
      staple === undefined || issuer === undefined ? undefined : this.#readStaple(staple, leaf, issuer);
    if (stapled === 'revoked' || this.#knownRevoked(chain)) return this.#revoked(host);
    if (!resumed && stapled !== 'good' && mustStaple(readCertificate(leaf))) {
      return outgoingError(
        'certificate-invalid',
        `The certificate of ${host} promises proof that it is not revoked (RFC 7633), and none came.`,
      );
    }
    return undefined;
  }

  #readStaple(staple: Uint8Array, leaf: Uint8Array, issuer: Uint8Array) {
    const status = ocspStatus(staple, leaf, issuer, this.#options.now());
    if (status === 'good') this.counters.staplesGood++;
    if (status === 'unknown' || status === 'unusable') this.counters.staplesUnusable++;
    return status;
  }

  #revoked(host: string): OutgoingError {
    this.counters.revoked++;
    return outgoingError('certificate-revoked', `The certificate of ${host} has been revoked by its issuer.`);
  }

  #knownRevoked(chain: CertificateChain): boolean {
    return chain.some((der, index) => {
      const issuer = chain[index + 1];
      if (issuer === undefined) return false;
      return this.#verdicts.get(verdictKey(readCertificate(der), issuer))?.revoked ?? false;
    });
  }

  /** Fetches the lists that a chain's certificates name, where no current verdict exists. Never rejects. */
  async learn(origin: string, chain: CertificateChain): Promise<void> {
    try {
      await this.#learnChain(chain);
      if (this.#knownRevoked(chain)) this.#options.onRevoked(origin);
    } catch (error) {
      this.counters.listsFailed++;
      this.#options.log?.(
        'revocation-unreadable',
        `${origin}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  async #learnChain(chain: CertificateChain): Promise<void> {
    const jobs = chain.map((der, index) => {
      const issuer = chain[index + 1];
      if (issuer === undefined) return undefined;
      const fields = readCertificate(der);
      const key = verdictKey(fields, issuer);
      const known = this.#verdicts.get(key);
      if (known !== undefined && known.untilMs > this.#options.now()) return undefined;
      let job = this.#pending.get(key);
      if (job === undefined) {
        job = this.#learnOne(key, fields, issuer).finally(() => this.#pending.delete(key));
        this.#pending.set(key, job);
      }
      return job;
    });
    await Promise.all(jobs);
  }

  async #learnOne(key: string, fields: CertificateFields, issuer: Uint8Array): Promise<void> {
    for (const url of crlUrls(fields).slice(0, 2)) {
      const nowMs = this.#options.now();
      try {
        const list = await this.#options.fetchList(url);
        const answer = await readCrl(list, issuer, new Set([fields.serial]), nowMs);
        this.counters.listsRead++;
        const untilMs = Math.min(answer.nextUpdateMs, nowMs + MAX_LIFE_MS);
        this.#remember(key, { revoked: answer.revoked.has(fields.serial), untilMs });
        return;
      } catch (error) {
        this.counters.listsFailed++;
        this.#options.log?.(
          'revocation-list-failed',
          `${url}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
    // A verdict "revoked" outlives a failed refresh.
    const revoked = this.#verdicts.get(key)?.revoked ?? false;
    this.#remember(key, { revoked, untilMs: this.#options.now() + RETRY_MS });
  }

  #remember(key: string, verdict: Verdict): void {
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.delete(this.#verdicts.keys().next().value ?? '');
    this.#verdicts.delete(key);
    this.#verdicts.set(key, verdict);
  }
}

/** A serial number is unique within one issuing key. */
function verdictKey(fields: CertificateFields, issuer: Uint8Array): string {
  return `${hex(readCertificate(issuer).publicKey)}/${fields.serial}`;
}
