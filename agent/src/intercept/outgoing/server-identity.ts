/**
 * Does this certificate speak for the host? Stricter than Node's tls.checkServerIdentity, which falls back to the
 * Common Name and lets an IP-only SAN pass (RFC 9525 sections 6.3 and 6.4 forbid the first).
 */
import { isIP } from 'node:net';
import { alternativeNames, type CertificateFields, maySign } from './certificate-fields.ts';

/** Undefined if the certificate is the host's; else why not, as the second half of a sentence. */
export function identityMismatch(host: string, certificate: CertificateFields): string | undefined {
  if (!maySign(certificate)) return 'its key usage does not allow digital signatures';
  const names = alternativeNames(certificate);
  if (isIP(host) !== 0) {
    return names.addresses.includes(addressHex(host)) ? undefined : `it is not for the address ${host}`;
  }
  if (names.dns.length === 0) return 'it has no DNS name in its subject alternative names';
  return names.dns.some((name) => nameMatches(name, host)) ? undefined : `it is not for the name ${host}`;
}

/** RFC 9525 section 6.3: `*` only as the whole left-most label, standing for exactly one label. */
export function nameMatches(pattern: string, host: string): boolean {
  const name = pattern.toLowerCase();
  const wanted = host.toLowerCase().replace(/\.$/, '');
  // A NUL, space, or anything else that no host name holds makes the entry void rather than truncated.
  if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return false;
  if (!name.startsWith('*.')) return name === wanted;
  const suffix = name.slice(1);
  // `*.com` would speak for every company; Chromium, Firefox and OpenSSL refuse it as well.
  if (!suffix.slice(1).includes('.')) return false;
  const label = wanted.slice(0, -suffix.length);
  return wanted.endsWith(suffix) && label !== '' && !label.includes('.');
}

function addressHex(address: string): string {
  if (isIP(address) === 4) {
    return address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('');
  }
  const groups = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::');
  const [left = [], right] = groups.map((side) => (side === '' ? [] : side.split(':')));
  const gap = right === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: gap }, () => '0'), ...(right ?? [])]
    .map((group) => group.padStart(4, '0'))
    .join('');
}
