import { generateKeyPairSync } from 'node:crypto';
import type { CertificateSource, HostCertificate } from '../ports.ts';
import { isDnsName } from './constraint-domains.ts';
import { CertificateError } from './errors.ts';
import { distinguishedName, issueCertificate, leafExtensions, subjectPublicKeyInfo, toPem } from './issue.ts';
import { DomainSet } from './name-constraints.ts';
import type { SigningAuthority } from './signing-authority.ts';

const DAY_MS = 86_400_000;
/** Far below the 398 days that browsers and Apple's clients take at most. */
const LEAF_MS = 30 * DAY_MS;
const BACKDATED_MS = DAY_MS;
const RENEWED_BEFORE_END_MS = 5 * DAY_MS;
const DEFAULT_CACHED_HOSTS = 1024;
/** RFC 5280 appendix A, ub-common-name. */
const NAME_LIMIT = 64;

export interface HostCertificatesOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cachedHosts?: number;
}

/** Leaves minted in memory, all for one key that lives as long as the process; the least recently used goes first. */
export class HostCertificates implements CertificateSource {
  readonly #authority: SigningAuthority;
  readonly #domains: DomainSet;
  readonly #now: () => number;
  readonly #cachedHosts: number;
  /** In order of use, the latest last. */
  readonly #cache = new Map<string, HostCertificate>();
  readonly #key: string;
  readonly #publicKey: Buffer;

  constructor(authority: SigningAuthority, options: HostCertificatesOptions) {
    this.#authority = authority;
    this.#domains = new DomainSet(authority.permittedDomains);
    this.#now = options.now;
    this.#cachedHosts = options.cachedHosts ?? DEFAULT_CACHED_HOSTS;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.#publicKey = subjectPublicKeyInfo(privateKey);
  }

  covers(host: string): boolean {
    return isDnsName(host) && this.#domains.contains(host);
  }

  /** Rejects with CertificateError `not-covered` or `expired`. */
  async forHost(host: string): Promise<HostCertificate> {
    const nowMs = this.#now();
    const cached = this.#cache.get(host);
    if (cached !== undefined) {
      this.#cache.delete(host);
      if (this.#isFresh(cached, nowMs)) {
        this.#cache.set(host, cached);
        return cached;
      }
    }
    const minted = this.#mint(host, nowMs);
    this.#cache.set(host, minted);
    if (this.#cache.size > this.#cachedHosts) {
      const [oldest] = this.#cache.keys();
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    return minted;
  }

  /** A clock that went back makes a leaf of the future, which is minted anew as well. */
  #isFresh(certificate: HostCertificate, nowMs: number): boolean {
    const leftMs = certificate.notAfterMs - nowMs;
    const endsWithAuthority = certificate.notAfterMs === this.#authority.notAfterMs;
    return leftMs > (endsWithAuthority ? 0 : RENEWED_BEFORE_END_MS) && leftMs <= LEAF_MS;
  }

  #mint(host: string, nowMs: number): HostCertificate {
    if (!this.covers(host)) {
      throw new CertificateError('not-covered', `The device's authority may not speak for ${host}.`, {
        mend: 'Add it to the policy, then run `postern trust renew`.',
      });
    }
    const { issuer, chainPem, notBeforeMs, notAfterMs: authorityEndMs } = this.#authority;
    if (nowMs >= authorityEndMs) {
      throw new CertificateError('expired', "The device's authority has expired.", {
        mend: 'Run `postern trust renew`.',
      });
    }
    // Some clients ask that a leaf live within its issuer's life. Whole seconds, as the certificate has them.
    const notAfterMs = Math.min(Math.floor((nowMs + LEAF_MS) / 1000) * 1000, authorityEndMs);
    const leaf = issueCertificate(issuer, {
      notBeforeMs: Math.max(nowMs - BACKDATED_MS, notBeforeMs),
      notAfterMs,
      subject: distinguishedName('Postern', host.length <= NAME_LIMIT ? host : undefined),
      publicKey: this.#publicKey,
      extensions: leafExtensions(host),
    });
    return { key: this.#key, cert: toPem(leaf) + chainPem, notAfterMs };
  }
}
