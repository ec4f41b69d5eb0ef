import { RecogniseError } from '../errors.ts';

/** Replace [start, end) of a decoded string, in UTF-16 code units. */
export interface RangeEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
const escapeUnit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;

/** Source length of the character or escape sequence at `at` (RFC 8259 section 7). */
function unitLength(source: string, at: number): number {
  if (source.charCodeAt(at) !== BACKSLASH) return 1;
  return source.charCodeAt(at + 1) === LOWER_U ? 6 : 2;
}

/**
 * The content of a string literal (without its quotes) with the edits applied to the decoded string. Characters
 * that no edit touches keep their spelling, escapes included.
 */
export function patchLiteral(content: string, edits: readonly RangeEdit[]): string {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const escaped = content.includes('\\');
  let out = '';
  let rawAt = 0;
  let decodedAt = 0;
  const advanceTo = (decoded: number): void => {
    if (escaped) {
      for (; decodedAt < decoded && rawAt < content.length; decodedAt++) rawAt += unitLength(content, rawAt);
    } else {
      rawAt = Math.min(decoded, content.length);
      decodedAt = rawAt;
    }
    if (decodedAt !== decoded) throw badRange('ends outside the string');
  };
  for (const { start, end, replacement } of ordered) {
    if (start > end || start < decodedAt) throw badRange('is reversed, or overlaps another');
    const from = rawAt;
    advanceTo(start);
    out += keptPiece(content, from, rawAt);
    advanceTo(end);
    out += JSON.stringify(replacement).slice(1, -1);
  }
  return out + keptPiece(content, rawAt, content.length);
}

/** Text between edits. Half of a surrogate pair that an edit cut in two is escaped, since UTF-8 can't carry it. */
function keptPiece(content: string, from: number, to: number): string {
  if (from >= to) return '';
  let start = from;
  let end = to;
  let head = '';
  let tail = '';
  const first = content.charCodeAt(from);
  if (from > 0 && isLow(first) && isHigh(content.charCodeAt(from - 1))) {
    head = escapeUnit(first);
    start++;
  }
  const last = content.charCodeAt(to - 1);
  if (end > start && to < content.length && isHigh(last) && isLow(content.charCodeAt(to))) {
    tail = escapeUnit(last);
    end--;
  }
  return head + content.slice(start, end) + tail;
}

const badRange = (what: string): RecogniseError => new RecogniseError('patch-bad-range', `An edit ${what}.`);
