import { bitStringOctets, children, type DerNode, expectTag, hex, latin1, readNode, TAG } from './der.ts';

/** Extension and purpose object identifiers, as the hex of their DER content. */
export const OID = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  crlNumberDelta: '551d1b',
  issuingDistributionPoint: '551d1c',
  crlDistributionPoints: '551d1f',
  extendedKeyUsage: '551d25',
  /** RFC 7633 TLS feature. */
  tlsFeature: '2b06010505070118',
  ocspSigning: '2b06010505070309',
} as const;

export interface Extension {
  readonly critical: boolean;
  /** Content of the extnValue OCTET STRING. */
  readonly value: Uint8Array;
}

/** What we ourselves must know of a certificate; the chain itself is verified by OpenSSL. */
export interface CertificateFields {
  readonly serial: string;
  /** DER of the Name, whole. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subjectPublicKey's octets, what OCSP hashes. */
  readonly publicKey: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** Throws OutgoingError `certificate-invalid` if the DER can't be read. */
export function readCertificate(der: Uint8Array): CertificateFields {
  const tbs = expectTag(children(expectTag(readNode(der), TAG.sequence))[0], TAG.sequence);
  const parts = children(tbs);
  // RFC 5280 section 4.1: [0] version, serial, signature, issuer, validity, subject, key, …, [3] extensions
  const first = parts[0]?.tag === 0xa0 ? 1 : 0;
  const keyInfo = children(expectTag(parts[first + 5], TAG.sequence));
  const extensions = parts.find((part) => part.tag === 0xa3);
  return {
    serial: hex(expectTag(parts[first], TAG.integer).content),
    issuer: expectTag(parts[first + 2], TAG.sequence).whole,
    subject: expectTag(parts[first + 4], TAG.sequence).whole,
    publicKey: bitStringOctets(expectTag(keyInfo[1], TAG.bitString)),
    extensions: extensions === undefined ? new Map() : readExtensions(readNode(extensions.content)),
  };
}

/** An `Extensions` sequence (RFC 5280 section 4.1). */
export function readExtensions(sequence: DerNode): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  for (const extension of children(expectTag(sequence, TAG.sequence))) {
    const [oid, ...rest] = children(extension);
    const critical = rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0;
    const value = expectTag(rest.at(-1), TAG.octetString).content;
    found.set(hex(expectTag(oid, TAG.oid).content), { critical, value });
  }
  return found;
}

export interface AlternativeNames {
  /** Raw dNSName values; may hold anything a CA put there. */
  readonly dns: readonly string[];
  /** Hex of each iPAddress. */
  readonly addresses: readonly string[];
}

export function alternativeNames(fields: CertificateFields): AlternativeNames {
  const extension = fields.extensions.get(OID.subjectAltName);
  const names = extension === undefined ? [] : children(expectTag(readNode(extension.value), TAG.sequence));
  return {
    dns: names.filter((name) => name.tag === 0x82).map((name) => latin1(name.content)),
    addresses: names.filter((name) => name.tag === 0x87).map((name) => hex(name.content)),
  };
}

/** True if the certificate says nothing of key usage, or allows signatures (bit 0, RFC 5280 section 4.2.1.3). */
export function maySign(fields: CertificateFields): boolean {
  const usage = fields.extensions.get(OID.keyUsage);
  if (usage === undefined) return true;
  return ((expectTag(readNode(usage.value), TAG.bitString).content[1] ?? 0) & 0x80) !== 0;
}

/** RFC 7633: the server promised to staple an OCSP answer (feature 5, status_request). */
export function mustStaple(fields: CertificateFields): boolean {
  const feature = fields.extensions.get(OID.tlsFeature);
  if (feature === undefined) return false;
  return children(expectTag(readNode(feature.value), TAG.sequence)).some(
    (node) => hex(node.content) === '05',
  );
}

export function hasPurpose(fields: CertificateFields, purposeOid: string): boolean {
  const usage = fields.extensions.get(OID.extendedKeyUsage);
  if (usage === undefined) return false;
  return children(expectTag(readNode(usage.value), TAG.sequence)).some(
    (node) => hex(node.content) === purposeOid,
  );
}

/** The `http://` addresses where the issuer publishes its revocations. */
export function crlUrls(fields: CertificateFields): readonly string[] {
  const extension = fields.extensions.get(OID.crlDistributionPoints);
  if (extension === undefined) return [];
  const urls: string[] = [];
  for (const point of children(expectTag(readNode(extension.value), TAG.sequence))) {
    // DistributionPoint { [0] distributionPoint { [0] fullName { [6] uniformResourceIdentifier } } }
    const name = children(point).find((part) => part.tag === 0xa0);
    const full = name === undefined ? undefined : children(name).find((part) => part.tag === 0xa0);
    for (const uri of full === undefined ? [] : children(full)) {
      const text = latin1(uri.content);
      if (uri.tag === 0x86 && text.startsWith('http://')) urls.push(text);
    }
  }
  return urls;
}
