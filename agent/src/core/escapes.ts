/** Characters that somebody wrote as JSON or JavaScript escapes, where they could have stood as themselves. */

/**
 * Printable ASCII, and letters beyond it: Python writes `\u00fc` for every umlaut unless told otherwise, PHP `\/` for
 * every slash and Go `\u0026` for every `&`; and `\u0041` is a way to hide a key. Not among them: line ends and
 * quotes, which JSON has to escape, and invisible characters, which programs name so that they can be seen.
 */
export const PLAIN_ESCAPE =
  /\\(?:u(?:00[2-7c-f]|0[1-9a-f][0-9a-f]|1[0-9a-f]{2}|[3-9a-c][0-9a-f]{2}|d[0-7][0-9a-f])[0-9a-f]|x[2-7][0-9a-f]|\/)/i;

/** One escape; JSON in JSON doubles the backslash at every level. At the end of a text it stands for nothing. */
export const ANY_ESCAPE = /\\+(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([^\\])|$)/gi;

/** What stands before an escape may say what it is: `password=`. */
export const CHARS_BEFORE = 160;
/** As long as a text without spaces goes on, it may be one value. */
export const CHARS_AFTER = 2048;

const WHITE_SPACE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };

/** What an escape stands for, by the groups of `ANY_ESCAPE`: one UTF-16 code unit, but for nothing at a text's end. */
export function escapedChar(unicode: string | undefined, hex: string | undefined, char = ''): string {
  const code = unicode ?? hex;
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  return WHITE_SPACE[char] ?? char;
}

/** Where the words before an escape begin: not within one, since half a word may look like something that it isn't. */
export function contextStart(text: string, escapeAt: number): number {
  let start = escapeAt - CHARS_BEFORE;
  if (start <= 0) return 0;
  if (isWord(text, start - 1)) while (start < escapeAt && isWord(text, start)) start++;
  return start;
}

const isWord = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f
  );
};
