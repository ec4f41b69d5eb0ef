/** The encodings in which lenient servers take JSON, and the one that everything here reads. */

export interface Utf8Body {
  readonly bytes: Uint8Array;
  /** The body as it came, if that was in another encoding: places in these bytes aren't places in it. */
  readonly recodedFrom: Uint8Array | undefined;
}

/**
 * A body as UTF-8 without a byte order mark. RFC 8259 section 8.1 wants nothing else, but Python's `json.loads` takes
 * UTF-16 and UTF-32 too, with a mark or told by their NULs (RFC 4627 section 3), and with it most Python servers.
 */
export function toUtf8(body: Uint8Array): Utf8Body {
  const [a, b, c, d] = body;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { bytes: body.subarray(3), recodedFrom: undefined };
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a !== 0 && b === 0 && c === 0 && d === 0))
    return recoded(body, fromUtf32(body, true));
  if (a === 0 && b === 0 && ((c === 0xfe && d === 0xff) || (c === 0 && d !== 0)))
    return recoded(body, fromUtf32(body, false));
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0)) return recoded(body, fromUtf16(body, 'utf-16le'));
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && b !== undefined))
    return recoded(body, fromUtf16(body, 'utf-16be'));
  return { bytes: body, recodedFrom: undefined };
}

const recoded = (body: Uint8Array, text: string): Utf8Body => ({
  bytes: Buffer.from(text, 'utf8'),
  recodedFrom: body,
});

/** Drops the mark. */
const fromUtf16 = (body: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): string =>
  new TextDecoder(encoding).decode(body);

const REPLACEMENT = 0xfffd;
const MARK = 0xfeff;

function fromUtf32(body: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const pieces: string[] = [];
  let codes: number[] = [];
  for (let at = 0; at + 4 <= view.byteLength; at += 4) {
    const code = view.getUint32(at, littleEndian);
    if (at === 0 && code === MARK) continue;
    codes.push(code > 0x10ffff ? REPLACEMENT : code);
    if (codes.length < 4096) continue;
    pieces.push(String.fromCodePoint(...codes));
    codes = [];
  }
  return pieces.join('') + String.fromCodePoint(...codes);
}
