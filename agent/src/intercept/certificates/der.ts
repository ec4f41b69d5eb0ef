/** A small writer and reader of DER (X.690): as much as our own certificates need, and nothing that guesses. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const SHORT_LENGTH = 0x80;

function lengthOctets(length: number): Buffer {
  if (length < SHORT_LENGTH) return Buffer.of(length);
  if (length < 0x1_00) return Buffer.of(0x81, length);
  if (length < 0x1_00_00) return Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.of(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
}

/** Tag, length and the parts one after the other. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...parts]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => element(TAG.set, ...parts);
export const octetString = (bytes: Uint8Array): Buffer => element(TAG.octetString, bytes);
export const utf8String = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text));
/** `content` is the encoded object identifier in hexadecimal, without tag and length. */
export const objectIdentifier = (content: string): Buffer => element(TAG.oid, Buffer.from(content, 'hex'));
/** A positive integer whose first bit is clear. */
export const integer = (bytes: Uint8Array): Buffer => element(TAG.integer, bytes);
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  element(TAG.bitString, Buffer.of(unusedBits), bytes);
export const TRUE: Buffer = element(TAG.boolean, Buffer.of(0xff));

const FIRST_GENERALIZED_YEAR = 2050;

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5); whole seconds. */
export function time(atMs: number): Buffer {
  const date = new Date(atMs);
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly encoded: Buffer;
}

/** The elements that `bytes` consists of; undefined if it isn't a row of well-formed elements. */
export function elements(bytes: Buffer): readonly Element[] | undefined {
  const found: Element[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const next = elementAt(bytes, offset);
    if (next === undefined) return undefined;
    found.push(next);
    offset += next.encoded.length;
  }
  return found;
}

function elementAt(bytes: Buffer, offset: number): Element | undefined {
  const tag = bytes[offset];
  let length = bytes[offset + 1];
  if (tag === undefined || length === undefined) return undefined;
  let start = offset + 2;
  if (length >= SHORT_LENGTH) {
    const octets = length - SHORT_LENGTH;
    if (octets < 1 || octets > 3 || start + octets > bytes.length) return undefined;
    length = bytes.readUIntBE(start, octets);
    start += octets;
  }
  const end = start + length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(start, end), encoded: bytes.subarray(offset, end) };
}
