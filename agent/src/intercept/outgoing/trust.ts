import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { nodeCode } from './errors.ts';

/** TLS 1.3, and of TLS 1.2 only ephemeral key exchange with authenticated encryption (RFC 9325 section 4.2). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  // Level 2: keys of at least 112 bits of security in the whole chain, no SHA-1 signatures.
  '@SECLEVEL=2',
].join(':');

const SIGNATURES = [
  'ecdsa_secp256r1_sha256',
  'rsa_pss_rsae_sha256',
  'rsa_pkcs1_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha384',
  'rsa_pkcs1_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha512',
  'ecdsa_secp521r1_sha512',
  'rsa_pss_pss_sha256',
  'rsa_pss_pss_sha384',
  'rsa_pss_pss_sha512',
  'ed25519',
].join(':');

/**
 * Where Linux distributions keep their bundle. Read by ourselves: Node's 'system' list follows SSL_CERT_FILE and
 * SSL_CERT_DIR there, and no environment variable may change whom we trust.
 */
const LINUX_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, RHEL
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // Alpine
] as const;

export interface TrustOptions {
  /** PEM texts, each with one or more certificates. */
  readonly extraCertificates: readonly string[];
  readonly useSystemStore: boolean;
  readonly log?: ((code: string, detail: string) => void) | undefined;
}

/** PEM of every root we accept: Mozilla's, the OS store's, and the organisation's own. */
function trustedRoots(options: TrustOptions): readonly string[] {
  const roots = new Set(getCACertificates('bundled'));
  if (options.useSystemStore) for (const pem of systemRoots(options.log)) roots.add(pem);
  for (const text of options.extraCertificates) for (const pem of splitPem(text)) roots.add(pem);
  return [...roots];
}

/** One context for every connection: parsing some 150 roots takes 5 to 35 ms. */
export function createTrust(options: TrustOptions): SecureContext {
  return createSecureContext({
    ca: [...trustedRoots(options)],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    sigalgs: SIGNATURES,
    allowPartialTrustChain: true,
  });
}

function systemRoots(log: TrustOptions['log']): readonly string[] {
  if (process.platform !== 'linux') return getCACertificates('system');
  for (const file of LINUX_BUNDLES) {
    try {
      return splitPem(readFileSync(file, 'utf8'));
    } catch (error) {
      if (nodeCode(error) !== 'ENOENT') log?.('trust-store-unreadable', `${file}: ${nodeCode(error)}`);
    }
  }
  log?.('trust-store-missing', 'This system keeps no certificate bundle in a known place.');
  return [];
}

/** The certificates of a PEM text, whatever else (comments, keys) stands between them. */
function splitPem(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}
