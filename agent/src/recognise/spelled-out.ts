import { CHARS_AFTER, contextStart, PLAIN_ESCAPE, withoutEscapes } from '../core/escapes.ts';

const ESCAPED = new RegExp(PLAIN_ESCAPE, 'gi');
const ENDS_VALUE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x22, 0x27]);

/**
 * The stretches of a text in which plain characters are written as JSON or JavaScript escapes, with those undone, one
 * a line; undefined if there are none.
 */
export function spelledOut(text: string): string | undefined {
  if (!text.includes('\\')) return undefined;
  let lines: string[] | undefined;
  let from = 0;
  let end = 0;
  ESCAPED.lastIndex = 0;
  for (let match = ESCAPED.exec(text); match !== null; match = ESCAPED.exec(text)) {
    const before = contextStart(text, match.index);
    if (lines === undefined) {
      lines = [];
      from = before;
    } else if (before > end) {
      lines.push(withoutEscapes(text.slice(from, end)));
      from = before;
    }
    end = endOfValue(text, ESCAPED.lastIndex, end);
  }
  lines?.push(withoutEscapes(text.slice(from, end)));
  return lines?.join('\n');
}

/** Goes on from where the last one ended, so that a text of nothing but escapes is crossed once. */
function endOfValue(text: string, afterEscape: number, lastEnd: number): number {
  const limit = Math.min(text.length, afterEscape + CHARS_AFTER);
  let end = Math.max(afterEscape, lastEnd);
  while (end < limit && !ENDS_VALUE.has(text.charCodeAt(end))) end++;
  return end;
}
