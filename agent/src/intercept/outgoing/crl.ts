/** Reading a certificate revocation list (RFC 5280 section 5). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OID, readCertificate, readExtensions } from './certificate-fields.ts';
import { bitStringOctets, children, expectTag, hex, readNode, TAG, timeMs } from './der.ts';
import { outgoingError } from './errors.ts';
import { signedBy } from './signed-data.ts';

export interface CrlAnswer {
  readonly revoked: ReadonlySet<string>;
  readonly nextUpdateMs: number;
}

/** A large list is read in slices, so that no other connection waits longer than a millisecond or so. */
const SLICE = 2_000;
const SKEW_MS = 300_000;
const DEFAULT_LIFE_MS = 86_400_000;

const unusable = (why: string) => outgoingError('certificate-invalid', `The revocation list ${why}.`);

/**
 * Which of `serials` (hex) the list revokes. `issuer` is the DER certificate that must have signed it. Throws
 * OutgoingError `certificate-invalid` if the list is malformed, expired, or of a kind we don't read.
 */
export async function readCrl(
  der: Uint8Array,
  issuer: Uint8Array,
  serials: ReadonlySet<string>,
  nowMs: number,
): Promise<CrlAnswer> {
  const [tbs, algorithm, signature] = children(expectTag(readNode(der), TAG.sequence));
  if (tbs === undefined || algorithm === undefined || signature === undefined)
    throw unusable('is incomplete');
  // TBSCertList { version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, [0] extensions? }
  const parts = [...children(expectTag(tbs, TAG.sequence))];
  if (parts[0]?.tag === TAG.integer) parts.shift();
  const [, issuerName, thisUpdate, ...rest] = parts;
  if (hex(issuerName?.whole ?? new Uint8Array()) !== hex(readCertificate(issuer).subject)) {
    throw unusable('is another issuer’s');
  }
  if (!signedBy(issuer, tbs.whole, algorithm, bitStringOctets(signature)))
    throw unusable('is not signed by its issuer');
  const isTime = rest[0]?.tag === TAG.utcTime || rest[0]?.tag === TAG.generalizedTime;
  const nextUpdate = isTime ? rest.shift() : undefined;
  const fromMs = timeMs(
    expectTag(thisUpdate, thisUpdate?.tag === TAG.utcTime ? TAG.utcTime : TAG.generalizedTime),
  );
  const nextUpdateMs = nextUpdate === undefined ? fromMs + DEFAULT_LIFE_MS : timeMs(nextUpdate);
  if (fromMs > nowMs + SKEW_MS || nextUpdateMs < nowMs - SKEW_MS) throw unusable('is not current');
  refuseSpecialLists(rest.find((part) => part.tag === 0xa0)?.content);
  const entries = rest[0]?.tag === TAG.sequence ? rest[0].content : new Uint8Array();
  return { revoked: await findSerials(entries, serials), nextUpdateMs };
}

/** Delta and indirect lists, and critical extensions we don't know, can't be read as a plain list (section 5.2). */
function refuseSpecialLists(wrapped: Uint8Array | undefined): void {
  if (wrapped === undefined) return;
  for (const [oid, extension] of readExtensions(readNode(wrapped))) {
    if (oid === OID.crlNumberDelta) throw unusable('is a delta');
    if (oid === OID.issuingDistributionPoint) {
      const indirect = children(readNode(extension.value)).some(
        (part) => part.tag === 0x84 && part.content[0] !== 0,
      );
      if (indirect) throw unusable('is an indirect one');
    } else if (extension.critical) throw unusable('has an unknown critical extension');
  }
}

async function findSerials(entries: Uint8Array, serials: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const revoked = new Set<string>();
  let count = 0;
  for (let offset = 0; offset < entries.length; ) {
    const entry = readNode(entries, offset);
    const serial = hex(expectTag(readNode(entry.content), TAG.integer).content);
    if (serials.has(serial)) revoked.add(serial);
    offset += entry.whole.length;
    if (++count % SLICE === 0) await nextTurn();
  }
  return revoked;
}
