/** Printable characters that somebody wrote as an escape; JSON in JSON doubles the backslash at every level. */
const ESCAPED = /\\(?:u00[2-7][0-9a-f]|x[2-7][0-9a-f]|\/)/gi;
const ANY_ESCAPE = /\\+(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([^\\])|$)/gi;
/** What stands before an escape may say what it is: `password=`. */
const CHARS_BEFORE = 160;
/** As long as a text without spaces goes on, it may be one value. */
const CHARS_AFTER = 2048;
const ENDS_VALUE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x22, 0x27]);

/**
 * The stretches of a text in which plain characters are written as JSON or JavaScript escapes, with those undone, one
 * a line; undefined if there are none. PHP writes `\/` for every slash and Go `\u0026` for every `&`, so that a
 * credential in JSON within a text is broken in two; and `\u0041` is a way to hide one.
 */
export function spelledOut(text: string): string | undefined {
  if (!text.includes('\\')) return undefined;
  let lines: string[] | undefined;
  let from = 0;
  let end = 0;
  ESCAPED.lastIndex = 0;
  for (let match = ESCAPED.exec(text); match !== null; match = ESCAPED.exec(text)) {
    const before = Math.max(0, match.index - CHARS_BEFORE);
    if (lines === undefined) {
      lines = [];
      from = before;
    } else if (before > end) {
      lines.push(unescaped(text.slice(from, end)));
      from = before;
    }
    end = endOfValue(text, ESCAPED.lastIndex, end);
  }
  lines?.push(unescaped(text.slice(from, end)));
  return lines?.join('\n');
}

/** Goes on from where the last one ended, so that a text of nothing but escapes is crossed once. */
function endOfValue(text: string, afterEscape: number, lastEnd: number): number {
  const limit = Math.min(text.length, afterEscape + CHARS_AFTER);
  let end = Math.max(afterEscape, lastEnd);
  while (end < limit && !ENDS_VALUE.has(text.charCodeAt(end))) end++;
  return end;
}

function unescaped(text: string): string {
  return text.replace(ANY_ESCAPE, (_, unicode?: string, hex?: string, char = '') => {
    const code = unicode ?? hex;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return WHITE_SPACE[char] ?? char;
  });
}

const WHITE_SPACE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };
