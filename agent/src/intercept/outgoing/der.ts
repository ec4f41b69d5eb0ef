import { outgoingError } from './errors.ts';

/** A strict reader of DER (X.690), as much as certificates, CRLs and OCSP answers need. Never copies. */
export interface DerNode {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const malformed = (what: string) => outgoingError('certificate-invalid', `Malformed DER: ${what}.`);

/** The node that begins at `offset`. Throws OutgoingError `certificate-invalid`. */
export function readNode(bytes: Uint8Array, offset = 0): DerNode {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw malformed('it ends early');
  if ((tag & 0x1f) === 0x1f) throw malformed('a long tag');
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed('a length of unknown form');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw malformed('it ends early');
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}

export function children(node: DerNode): readonly DerNode[] {
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < node.content.length; ) {
    const child = readNode(node.content, offset);
    nodes.push(child);
    offset += child.whole.length;
  }
  return nodes;
}

export function expectTag(node: DerNode | undefined, tag: number): DerNode {
  if (node?.tag !== tag) throw malformed(`tag ${node?.tag ?? 'none'} where ${tag} was expected`);
  return node;
}

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** UTCTime or GeneralizedTime in the only form RFC 5280 section 4.1.2.5 allows: with seconds, in Zulu. */
export function timeMs(node: DerNode): number {
  const text = latin1(node.content);
  const full = node.tag === TAG.utcTime ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
  if (match === null) throw malformed('a time of unknown form');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The octets of a BIT STRING of whole octets. */
export function bitStringOctets(node: DerNode): Uint8Array {
  if (expectTag(node, TAG.bitString).content[0] !== 0) throw malformed('a bit string of part octets');
  return node.content.subarray(1);
}
