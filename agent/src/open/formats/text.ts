/** Bytes to text: encodings told by a mark or by their shape, and text runs within binary files. */

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });
const UTF16LE = new TextDecoder('utf-16le');
const UTF16BE = new TextDecoder('utf-16be');
const WINDOWS_1252 = new TextDecoder('windows-1252');

/** Bytes that no text of an 8-bit encoding has: controls other than tab, line ends, form feed and escape. */
const isControl = (byte: number): boolean =>
  byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 0x1b;

const SAMPLE_BYTES = 8_192;

/** Undefined if it isn't text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return UTF16LE.decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return UTF16BE.decode(bytes);
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let even = 0;
  let odd = 0;
  let controls = 0;
  for (let i = 0; i < sample.length; i++) {
    const byte = sample[i] as number;
    if (byte === 0) i % 2 === 0 ? even++ : odd++;
    else if (isControl(byte)) controls++;
  }
  // UTF-16 without a mark: Latin text has a zero in every second byte, and never in the others.
  const half = sample.length / 2;
  if (odd > half * 0.6 && even < half * 0.05) return UTF16LE.decode(bytes);
  if (even > half * 0.6 && odd < half * 0.05) return UTF16BE.decode(bytes);
  if (even + odd > 0) return undefined;
  if (controls > sample.length / 100) return undefined;
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    // Not UTF-8: an 8-bit text has few bytes above ASCII, and packed data half of them.
    const high = sample.reduce((count, byte) => (byte >= 0x80 ? count + 1 : count), 0);
    return high <= sample.length * 0.3 ? WINDOWS_1252.decode(bytes) : undefined;
  }
}

const MIN_RUN = 6;
const isPrintable = (code: number): boolean => (code >= 0x20 && code < 0x7f) || code === 9;

/**
 * Runs of at least six printable characters, in ASCII and in UTF-16 (little-endian), one per line: what is readable in
 * an old office document, a database or a program. Two passes, each linear.
 */
export function textRuns(bytes: Uint8Array): string {
  const runs: string[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && isPrintable(bytes[i] as number)) continue;
    if (i - start >= MIN_RUN) runs.push(buffer.toString('latin1', start, i));
    start = i + 1;
  }
  for (const parity of [0, 1]) wideRuns(buffer, parity, runs);
  return runs.join('\n');
}

function wideRuns(buffer: Buffer, parity: number, runs: string[]): void {
  let start = parity;
  for (let i = parity; ; i += 2) {
    const within = i + 1 < buffer.length && buffer[i + 1] === 0 && isPrintable(buffer[i] as number);
    if (within) continue;
    if (i - start >= MIN_RUN * 2) runs.push(buffer.toString('utf16le', start, i));
    if (i + 1 >= buffer.length) return;
    start = i + 2;
  }
}
