/** Writes and signs X.509 certificates (RFC 5280) with node:crypto alone: root, intermediate and leaves. */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  element,
  elements,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  TRUE,
  time,
  utf8String,
} from './der.ts';
import { OID } from './object-identifiers.ts';

const ASN1_NULL = Buffer.of(0x05, 0x00);
const VERSION_3 = element(0xa0, integer(Buffer.of(2)));
const SERIAL_BYTES = 16;

/** Who signs: the name and key identifier that go into what it signs, and the key. */
export interface Issuer {
  /** DER of the Name, byte for byte as in the issuer's own certificate. */
  readonly name: Buffer;
  readonly keyIdentifier: Buffer;
  readonly privateKey: KeyObject;
}

export interface CertificateRequest {
  /** DER of the Name. */
  readonly subject: Buffer;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** DER of Extensions, without the two key identifiers. */
  readonly extensions: readonly Buffer[];
}

/** Signs and returns the certificate's DER. The serial is 127 random bits (CA/B Forum 7.1 asks for 64). */
export function issueCertificate(issuer: Issuer, request: CertificateRequest): Buffer {
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const toSign = sequence(
    VERSION_3,
    integer(randomSerial()),
    algorithm.identifier,
    issuer.name,
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    request.subject,
    request.publicKey,
    element(
      0xa3,
      sequence(
        ...request.extensions,
        extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifierOf(request.publicKey))),
        extension(OID.authorityKeyIdentifier, false, sequence(element(0x80, issuer.keyIdentifier))),
      ),
    ),
  );
  const signature = sign(algorithm.hash, toSign, issuer.privateKey);
  return sequence(toSign, algorithm.identifier, bitString(signature));
}

/** Positive, never zero, of constant length: the first bit clear, the second set. */
function randomSerial(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

const ECDSA_SHA256 = { hash: 'sha256', identifier: sequence(objectIdentifier(OID.ecdsaWithSha256)) };
const ECDSA_SHA384 = { hash: 'sha384', identifier: sequence(objectIdentifier(OID.ecdsaWithSha384)) };
const RSA_SHA256 = { hash: 'sha256', identifier: sequence(objectIdentifier(OID.sha256WithRsa), ASN1_NULL) };

/** By the issuer's key; `isUsableKey` says which keys have one. */
function signatureAlgorithm(key: KeyObject): { readonly hash: string; readonly identifier: Buffer } {
  if (key.asymmetricKeyType === 'rsa') return RSA_SHA256;
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? ECDSA_SHA384 : ECDSA_SHA256;
}

/** ECDSA on P-256 or P-384, RSA of 2048 bits and more. */
export function isUsableKey(key: KeyObject): boolean {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return (modulusLength ?? 0) >= 2048;
  return key.asymmetricKeyType === 'ec' && (namedCurve === 'prime256v1' || namedCurve === 'secp384r1');
}

export const subjectPublicKeyInfo = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });

/** Method 1 of RFC 5280 section 4.2.1.2: SHA-1 of the public key's bits. An identifier, not a protection. */
export function keyIdentifierOf(publicKeyInfo: Buffer): Buffer {
  const [outer] = elements(publicKeyInfo) ?? [];
  const bits = outer && elements(outer.content)?.[1];
  return createHash('sha1')
    .update(bits === undefined ? publicKeyInfo : bits.content.subarray(1))
    .digest();
}

/** A Name of one organisation and one common name; the latter may be absent. */
export function distinguishedName(organisation: string, commonName: string | undefined): Buffer {
  const attribute = (oid: string, value: string) => set(sequence(objectIdentifier(oid), utf8String(value)));
  const names = [attribute(OID.organisationName, organisation)];
  if (commonName !== undefined) names.push(attribute(OID.commonName, commonName));
  return sequence(...names);
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  const name = objectIdentifier(oid);
  return critical ? sequence(name, TRUE, octetString(value)) : sequence(name, octetString(value));
}

const KEY_CERT_SIGN_AND_CRL_SIGN = bitString(Buffer.of(0x06), 1);
const DIGITAL_SIGNATURE = bitString(Buffer.of(0x80), 7);

/** `pathLength`: how many authorities may follow below. */
export const authorityExtensions = (pathLength: number, nameConstraints: Buffer): readonly Buffer[] => [
  extension(OID.basicConstraints, true, sequence(TRUE, integer(Buffer.of(pathLength)))),
  extension(OID.keyUsage, true, KEY_CERT_SIGN_AND_CRL_SIGN),
  extension(OID.nameConstraints, true, nameConstraints),
];

export const serverAuthOnly: Buffer = extension(
  OID.extendedKeyUsage,
  false,
  sequence(objectIdentifier(OID.serverAuth)),
);

const LEAF_EXTENSIONS: readonly Buffer[] = [
  extension(OID.basicConstraints, true, sequence()),
  extension(OID.keyUsage, true, DIGITAL_SIGNATURE),
  serverAuthOnly,
];

export const leafExtensions = (dnsName: string): readonly Buffer[] => [
  ...LEAF_EXTENSIONS,
  extension(OID.subjectAltName, false, sequence(element(0x82, Buffer.from(dnsName, 'ascii')))),
];

export const toPem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})(?!$)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
