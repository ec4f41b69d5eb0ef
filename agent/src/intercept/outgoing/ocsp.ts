/** Reading a stapled OCSP answer (RFC 6960). Pure: the time is passed in. */
import { createHash, X509Certificate } from 'node:crypto';
import { hasPurpose, OID, readCertificate } from './certificate-fields.ts';
import { bitStringOctets, children, type DerNode, expectTag, hex, readNode, TAG, timeMs } from './der.ts';
import { signedBy } from './signed-data.ts';

export type OcspStatus = 'good' | 'revoked' | 'unknown' | 'unusable';

const BASIC_RESPONSE = '2b0601050507300101';
const SHA1 = '2b0e03021a';
const SHA256 = '608648016503040201';
/** Clocks of laptops and responders differ a little. */
const SKEW_MS = 300_000;
/** RFC 6960 leaves nextUpdate optional; CA/Browser Forum answers live 10 days at most. */
const MAX_AGE_MS = 10 * 86_400_000;

/**
 * What the answer says of `leaf`. `unusable` if it is malformed, expired, about another certificate, or not signed
 * by the issuer (or its delegate); it then proves nothing either way.
 */
export function ocspStatus(
  answer: Uint8Array,
  leaf: Uint8Array,
  issuer: Uint8Array,
  nowMs: number,
): OcspStatus {
  try {
    return readStatus(answer, leaf, issuer, nowMs);
  } catch {
    // Malformed DER or an unreadable key: the caller counts it.
    return 'unusable';
  }
}

function readStatus(answer: Uint8Array, leaf: Uint8Array, issuer: Uint8Array, nowMs: number): OcspStatus {
  const [responseStatus, wrapped] = children(expectTag(readNode(answer), TAG.sequence));
  if (responseStatus?.tag !== TAG.enumerated || responseStatus.content[0] !== 0) return 'unusable';
  const [type, octets] = children(readNode(expectTag(wrapped, 0xa0).content));
  if (type === undefined || hex(type.content) !== BASIC_RESPONSE) return 'unusable';
  const basic = children(readNode(expectTag(octets, TAG.octetString).content));
  const [data, algorithm, signature, certificates] = basic;
  if (data === undefined || algorithm === undefined || signature === undefined) return 'unusable';
  const signers = [issuer, ...delegates(certificates, issuer, nowMs)];
  const octetsSigned = bitStringOctets(signature);
  if (!signers.some((signer) => signedBy(signer, data.whole, algorithm, octetsSigned))) return 'unusable';
  const single = findAnswer(data, leaf, issuer);
  return single === undefined ? 'unusable' : statusOf(single, nowMs);
}

/** RFC 6960 section 4.2.2.2: a delegate is issued directly by the CA and marked for OCSP signing. */
function delegates(wrapped: DerNode | undefined, issuer: Uint8Array, nowMs: number): readonly Uint8Array[] {
  if (wrapped?.tag !== 0xa0) return [];
  const authority = new X509Certificate(issuer);
  return children(readNode(wrapped.content))
    .map((node) => node.whole)
    .filter((der) => {
      const certificate = new X509Certificate(der);
      const current =
        certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() >= nowMs;
      return (
        current &&
        hasPurpose(readCertificate(der), OID.ocspSigning) &&
        certificate.checkIssued(authority) &&
        certificate.verify(authority.publicKey)
      );
    });
}

function findAnswer(data: DerNode, leaf: Uint8Array, issuer: Uint8Array): readonly DerNode[] | undefined {
  // ResponseData { [0] version, responderID ([1] or [2]), producedAt, responses, [1] extensions }
  const responses = children(data).find((part) => part.tag === TAG.sequence);
  if (responses === undefined) return undefined;
  const { serial } = readCertificate(leaf);
  const authority = readCertificate(issuer);
  for (const response of children(responses)) {
    const parts = children(response);
    const [algorithm, nameHash, keyHash, number] = children(expectTag(parts[0], TAG.sequence));
    const oid = hex(children(expectTag(algorithm, TAG.sequence))[0]?.content ?? new Uint8Array());
    const hash = oid === SHA1 ? 'sha1' : oid === SHA256 ? 'sha256' : undefined;
    if (hash === undefined || number === undefined || hex(number.content) !== serial) continue;
    const digest = (bytes: Uint8Array): string => createHash(hash).update(bytes).digest('hex');
    if (hex(nameHash?.content ?? new Uint8Array()) !== digest(authority.subject)) continue;
    if (hex(keyHash?.content ?? new Uint8Array()) !== digest(authority.publicKey)) continue;
    return parts;
  }
  return undefined;
}

function statusOf(parts: readonly DerNode[], nowMs: number): OcspStatus {
  const [, status, thisUpdate, next] = parts;
  const fromMs = timeMs(expectTag(thisUpdate, TAG.generalizedTime));
  const untilMs = next?.tag === 0xa0 ? timeMs(readNode(next.content)) : fromMs + MAX_AGE_MS;
  // A certificate once revoked stays so: an old answer that says "revoked" still counts.
  if (status?.tag === 0xa1) return 'revoked';
  if (fromMs > nowMs + SKEW_MS || untilMs < nowMs - SKEW_MS) return 'unusable';
  return status?.tag === 0x80 ? 'good' : 'unknown';
}
