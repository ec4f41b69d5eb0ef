import { X509Certificate } from 'node:crypto';
import { elements } from './der.ts';
import { keyIdentifierOf, subjectPublicKeyInfo } from './issue.ts';
import { OID } from './object-identifiers.ts';

/** What we need of an authority's certificate beyond what X509Certificate tells. */
export interface AuthorityFields {
  readonly certificate: X509Certificate;
  /** DER of the subject. */
  readonly name: Buffer;
  readonly keyIdentifier: Buffer;
  /** Value of the name constraints extension, only if critical. */
  readonly nameConstraints: Buffer | undefined;
  readonly maySignCertificates: boolean;
}

const SUBJECT_INDEX = 5;

/** Reads one certificate; undefined if it isn't a well-formed version 3 one. Throws what X509Certificate throws. */
export function readAuthority(pem: string): AuthorityFields | undefined {
  const certificate = new X509Certificate(pem);
  const [outer] = elements(certificate.raw) ?? [];
  const [toSign] = (outer && elements(outer.content)) ?? [];
  const fields = toSign && elements(toSign.content);
  const name = fields?.[SUBJECT_INDEX]?.encoded;
  const list = fields?.find((field) => field.tag === 0xa3);
  const [wrapped] = (list && elements(list.content)) ?? [];
  if (name === undefined || wrapped === undefined) return undefined;
  const extensions = new Map<string, { critical: boolean; value: Buffer }>();
  for (const entry of elements(wrapped.content) ?? []) {
    const parts = elements(entry.content) ?? [];
    const value = parts.at(-1)?.content;
    if (value !== undefined) {
      extensions.set(parts[0]?.content.toString('hex') ?? '', { critical: parts.length === 3, value });
    }
  }
  const constraints = extensions.get(OID.nameConstraints);
  const [identifier] = elements(extensions.get(OID.subjectKeyIdentifier)?.value ?? Buffer.alloc(0)) ?? [];
  const [usage] = elements(extensions.get(OID.keyUsage)?.value ?? Buffer.alloc(0)) ?? [];
  return {
    certificate,
    name,
    keyIdentifier: identifier?.content ?? keyIdentifierOf(subjectPublicKeyInfo(certificate.publicKey)),
    nameConstraints: constraints?.critical === true ? constraints.value : undefined,
    maySignCertificates: certificate.ca && ((usage?.content[1] ?? 0) & 0x04) !== 0,
  };
}
