/**
 * The same text in UTF-8, without a byte order mark; undefined if nothing speaks for another encoding.
 * JSON on the wire is UTF-8 (RFC 8259 section 8.1), but common servers also take what RFC 4627 section 3 allowed
 * (Python's `json.loads` of bytes, hence FastAPI: UTF-16, UTF-32, marks). What a server can read is read here too, or a
 * prompt in UTF-16 would pass unsearched.
 */
export function inOtherEncoding(bytes: Uint8Array): Uint8Array | undefined {
  const [a = 1, b = 1, c = 1, d = 1] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return bytes.subarray(3);
  if (a === 0 && b === 0) return decoded(utf32(bytes, false));
  if (b === 0 && c === 0 && d === 0) return decoded(utf32(bytes, true));
  if (a === 0xff && b === 0xfe) return decoded(c === 0 && d === 0 ? utf32(bytes, true) : utf16(bytes, true));
  if ((a === 0xfe && b === 0xff) || a === 0) return decoded(utf16(bytes, false));
  return b === 0 ? decoded(utf16(bytes, true)) : undefined;
}

const decoded = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** Drops a byte order mark. */
const utf16 = (bytes: Uint8Array, littleEndian: boolean): string =>
  new TextDecoder(littleEndian ? 'utf-16le' : 'utf-16be').decode(bytes);

/** No decoder of the platform knows UTF-32. */
function utf32(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian);
    if (at === 0 && point === 0xfeff) continue;
    pieces.push(point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point));
  }
  return pieces.join('');
}
