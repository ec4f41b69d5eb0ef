/**
 * Files within texts: data URLs, and long runs of base64 such as a tool prints or a person pastes. A run counts only if
 * its first bytes are those of a known kind of file, or text; hashes, keys and minified code are neither.
 */
import type { AttachmentContent } from '../core/attachment.ts';

/** Shorter runs hold no document, and what they hold as text is rarely worth a look. */
export const MIN_RUN_CHARS = 160;
/** A text with more runs than this is data; what is beyond isn't opened. */
const MAX_RUNS = 64;

/** RFC 4648 sections 4 and 5; and line ends, since base64 is often wrapped (RFC 2045 section 6.8). */
const IN_RUN = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n')
  IN_RUN[character.charCodeAt(0)] = 1;

const inRun = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code < 128 && IN_RUN[code] === 1;
};

const RUN = /[A-Za-z0-9+/\-_=\r\n]*/y;

/** By an expression: ten times as fast over a megabyte of base64 as asking for each character. */
function endOfRun(text: string, at: number): number {
  RUN.lastIndex = at;
  RUN.test(text);
  return RUN.lastIndex;
}

/** In steps as long as the shortest run: most of a text is never looked at. */
export function findEmbedded(text: string): readonly AttachmentContent[] {
  const found: AttachmentContent[] = [];
  let end = 0;
  for (let at = MIN_RUN_CHARS - 1; at < text.length && found.length < MAX_RUNS; at += MIN_RUN_CHARS) {
    if (!inRun(text, at)) continue;
    let from = at;
    while (from > end && inRun(text, from - 1)) from--;
    const to = endOfRun(text, at);
    end = to;
    at = to - 1;
    if (to - from < MIN_RUN_CHARS) continue;
    const start = startOfFile(text, from, to);
    if (start !== undefined) found.push({ form: 'base64', text, from: start, to });
  }
  return found;
}

/** A word that stands in front of the run, on a line of its own, belongs to it by its letters; so every line's start is tried. */
function startOfFile(text: string, from: number, to: number): number | undefined {
  let line = from;
  for (let tries = 0; tries < 8 && to - line >= MIN_RUN_CHARS; tries++) {
    if (looksLikeFile(Buffer.from(text.slice(line, line + 96), 'base64'))) return line;
    const next = text.indexOf('\n', line);
    if (next < 0 || next >= to) return undefined;
    line = next + 1;
  }
  return undefined;
}

const SIGNATURES: readonly string[] = [
  'PK\x03\x04',
  '\x1f\x8b\x08',
  '%PDF-',
  '{\\rtf',
  '\xd0\xcf\x11\xe0',
  '7z\xbc\xaf',
  'Rar!',
  'BZh',
  '\xfd7zXZ',
  '\x28\xb5\x2f\xfd',
  '\x7fELF',
  'MZ\x90',
  'SQLite format 3',
  '\x89PNG',
  '\xff\xd8\xff',
  'GIF8',
  'RIFF',
  '\xfe\xed\xfe\xed',
  '\x03\xd9\xa2\x9a',
];

function looksLikeFile(head: Buffer): boolean {
  const start = head.toString('latin1');
  return SIGNATURES.some((signature) => start.startsWith(signature)) || looksLikeText(head);
}

/** All printable; of random bytes, 72 in a row are so once in 10^31 times. */
function looksLikeText(head: Buffer): boolean {
  if (head.length < 32) return false;
  let letters = 0;
  for (const byte of head) {
    if (byte < 0x20 ? byte !== 9 && byte !== 10 && byte !== 13 : byte >= 0x7f) return false;
    if (byte >= 0x61 && byte <= 0x7a) letters++;
  }
  return letters * 4 > head.length;
}
