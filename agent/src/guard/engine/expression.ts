/** A rule's expression, tried at one place of a text: by a native expression of our own subset, or by another engine. */
import type { Lead } from './lead.ts';
import { parsePattern } from './pattern.ts';

export interface Expression {
  /** Where a match starts at the earliest, counted from the keyword: negative where text before it may be part of it. */
  readonly start: number;
  /** How much text before the keyword `match` may look at. */
  readonly lookBehind: number;
  /** Without a capturing group the secret is all that matched. */
  readonly captures: boolean;
  /** How far from the keyword it may look, and how far where keywords are dense; undefined: as far as its bounds allow. */
  readonly reach?: Reach;
  /** The match at a keyword that starts at `at`, by no text beyond `limit`. */
  match(text: string, at: number, limit: number): ExpressionMatch | undefined;
  /** True if more text could change what `match` says. */
  isUndecided(text: string, at: number, limit: number): boolean;
  /** Undecided, and the captured part has begun. */
  hasBegunCapture(text: string, at: number, limit: number): boolean;
}

export interface Reach {
  readonly usual: number;
  readonly dense: number;
}

/** All that matched, and within it what is secret. Offsets into the text. */
export interface ExpressionMatch {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** Our own subset of regular expressions (pattern.ts), run by the language's engine at one position. */
export class NativeExpression implements Expression {
  readonly start: number;
  readonly lookBehind: number;
  readonly captures: boolean;
  readonly #matcher: RegExp;
  readonly #undecided: RegExp;
  readonly #beginsCapture: RegExp | undefined;
  readonly #captureStart: number;

  readonly #needsCapture: boolean;

  /** Throws PatternError if `source` is outside the subset. `needsCapture`: a match whose groups are empty is none. */
  constructor(source: string, lead?: Lead, needsCapture = false) {
    const pattern = parsePattern(source);
    const before = lead === undefined ? '' : `(?<=(?<!${lead.set})${lead.set}{${lead.length}})`;
    this.#matcher = new RegExp(before + pattern.source, pattern.hasCapture ? 'dy' : 'y');
    this.#undecided = new RegExp(before + pattern.undecidedSource, 'y');
    this.#beginsCapture =
      pattern.beginsCaptureSource === undefined ? undefined : new RegExp(pattern.beginsCaptureSource, 'y');
    this.captures = pattern.hasCapture;
    this.#needsCapture = needsCapture;
    this.lookBehind = lead?.length ?? 0;
    this.#captureStart = pattern.minLengthBeforeCapture;
    this.start = lead === undefined ? this.#captureStart : lead.shown - lead.length;
  }

  match(text: string, at: number): ExpressionMatch | undefined {
    this.#matcher.lastIndex = at;
    const found = this.#matcher.exec(text);
    if (found === null) return undefined;
    const to = at + found[0].length;
    const captured = found.indices?.find((range, i) => i > 0 && range !== undefined && range[0] < range[1]);
    if (captured !== undefined) return { from: at, to, start: captured[0], end: captured[1] };
    if (this.#needsCapture) return undefined;
    return { from: at, to, start: this.captures ? at : at + this.start, end: to };
  }

  isUndecided(text: string, at: number): boolean {
    this.#undecided.lastIndex = at;
    return this.#undecided.test(text);
  }

  hasBegunCapture(text: string, at: number): boolean {
    if (this.#beginsCapture === undefined) return true;
    this.#beginsCapture.lastIndex = at;
    return this.#beginsCapture.test(text);
  }
}

/** How much of its line around a match is looked at. */
export const LINE_REACH = 200;

/** The line around a match, as far as it is looked at. */
export function lineAround(text: string, { from, to }: ExpressionMatch): string {
  const before = text.slice(Math.max(0, from - LINE_REACH), from);
  const after = text.slice(to, to + LINE_REACH);
  const end = after.indexOf('\n');
  return (
    before.slice(before.lastIndexOf('\n') + 1) +
    text.slice(from, to) +
    (end < 0 ? after : after.slice(0, end))
  );
}

/** The same expression for a rule with exceptions by line: undecided until the line around the match is there. */
export function untilEndOfLine(inner: Expression): Expression {
  return {
    start: inner.start,
    lookBehind: inner.lookBehind + LINE_REACH,
    captures: inner.captures,
    ...(inner.reach === undefined ? {} : { reach: inner.reach }),
    match: (text, at, limit) => inner.match(text, at, limit),
    isUndecided(text, at, limit) {
      if (inner.isUndecided(text, at, limit)) return true;
      const found = inner.match(text, at, limit);
      if (found === undefined || text.length >= found.to + LINE_REACH) return false;
      return !text.includes('\n', found.to);
    },
    hasBegunCapture: (text, at, limit) =>
      inner.hasBegunCapture(text, at, limit) || inner.match(text, at, limit) !== undefined,
  };
}
