/** Characters that somebody wrote as JSON or JavaScript escapes, where they could have stood as themselves. */

/**
 * Printable ASCII, and letters beyond it: Python writes `\u00fc` for every umlaut unless told otherwise, PHP `\/` for
 * every slash and Go `\u0026` for every `&`; and `\u0041` is a way to hide a key. Not among them: line ends and
 * quotes, which JSON has to escape, and invisible characters, which programs name so that they can be seen.
 */
export const PLAIN_ESCAPE =
  /\\(?:u(?:00[2-7c-f]|0[1-9a-f][0-9a-f]|1[0-9a-f]{2}|[3-9a-c][0-9a-f]{2}|d[0-7][0-9a-f])[0-9a-f]|x[2-7][0-9a-f]|\/)/i;

/** What stands before an escape may say what it is: `password=`. */
export const CHARS_BEFORE = 160;
/** As long as a text without spaces goes on, it may be one value. */
export const CHARS_AFTER = 2048;

export interface Escape {
  /** The UTF-16 code unit that it stands for. */
  readonly code: number;
  /** Whether `PLAIN_ESCAPE` matches it. */
  readonly isPlain: boolean;
  readonly end: number;
}

const BACKSLASH = 0x5c;
const SLASH = 0x2f;
/** n, r, t; b and f (RFC 8259 section 7) are no characters of words. */
const WHITE_SPACE: Readonly<Record<number, number>> = {
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
  98: 0x20,
  102: 0x20,
};

/**
 * The escape that begins with the backslash at this place; JSON in JSON doubles it at every level. Undefined where the
 * text ends after backslashes. By hand: three times as fast as by an expression, and a long answer may be all escapes.
 */
export function escapeAt(text: string, at: number): Escape | undefined {
  let next = at + 1;
  while (text.charCodeAt(next) === BACKSLASH) next++;
  if (next >= text.length) return undefined;
  const code = text.charCodeAt(next);
  if (code === 0x75 || code === 0x55) {
    const unit = hexAt(text, next + 1, 4);
    if (unit !== undefined) return { code: unit, isPlain: isPlain(unit), end: next + 5 };
  } else if (code === 0x78 || code === 0x58) {
    const unit = hexAt(text, next + 1, 2);
    if (unit !== undefined) return { code: unit, isPlain: unit >= 0x20 && unit < 0x80, end: next + 3 };
  }
  return { code: WHITE_SPACE[code] ?? code, isPlain: code === SLASH, end: next + 1 };
}

const isPlain = (unit: number): boolean =>
  (unit >= 0x20 && unit < 0x80) || (unit >= 0xc0 && unit < 0x2000) || (unit >= 0x3000 && unit < 0xd800);

function hexAt(text: string, from: number, digits: number): number | undefined {
  let value = 0;
  for (let i = from; i < from + digits; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 0x20;
    if (code >= 0x30 && code <= 0x39) value = value * 16 + code - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return undefined;
  }
  return value;
}

/** The text with all its escapes undone. */
export function withoutEscapes(text: string): string {
  let undone = '';
  let from = 0;
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
    const found = escapeAt(text, at);
    undone += text.slice(from, at);
    from = found?.end ?? text.length;
    if (found !== undefined) undone += String.fromCharCode(found.code);
  }
  return undone + text.slice(from);
}

/** Where the words before an escape begin: not within one, since half a word may look like something that it isn't. */
export function contextStart(text: string, escapeStart: number): number {
  let start = escapeStart - CHARS_BEFORE;
  if (start <= 0) return 0;
  if (isWord(text, start - 1)) while (start < escapeStart && isWord(text, start)) start++;
  return start;
}

const isWord = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a) || code === 0x5f;
};
