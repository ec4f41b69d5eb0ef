/**
 * An expression of a team's own, run by RE2: linear in the text that it is shown, whatever the expression. It is shown
 * no more than a window at a keyword, because "linear" is still hundreds of times slower than our own subset.
 */
import { RE2JS } from 're2js';
import type { Expression, ExpressionMatch, Reach } from '../expression.ts';
import type { Sequence } from './parse.ts';
import { writeRe2, writeUndecided } from './write.ts';

/** Which group is the secret; 0: the first that isn't empty, else the whole match. */
type SecretGroup = number;

/** One character stands before the place where the expression is tried, so that `\b` and `^` see what they should. */
const AFTER_ONE = '\\A(?s:.)';

/** For an expression that begins with its keyword: tried there and nowhere else. */
export class AnchoredRe2Expression implements Expression {
  readonly start = 0;
  readonly lookBehind = 1;
  readonly captures = false;
  readonly reach: Reach = { usual: 8192, dense: 256 };
  readonly #atStart: RE2JS;
  readonly #later: RE2JS;
  readonly #undecidedAtStart: RE2JS;
  readonly #undecidedLater: RE2JS;
  readonly #group: SecretGroup;

  /** Throws what RE2 throws if what is derived from the expression is too large. */
  constructor(alternatives: readonly Sequence[], group: SecretGroup) {
    const source = `(?:${writeRe2(alternatives)})`;
    const undecided = writeUndecided(alternatives) ?? '[^\\x{0}-\\x{10ffff}]';
    this.#atStart = RE2JS.compile(`\\A${source}`);
    this.#later = RE2JS.compile(AFTER_ONE + source);
    this.#undecidedAtStart = RE2JS.compile(`\\A${undecided}`);
    this.#undecidedLater = RE2JS.compile(AFTER_ONE + undecided);
    this.#group = group;
  }

  /** Instructions of the largest program, which is what a character costs at most. */
  get programSize(): number {
    return Math.max(this.#later.programSize(), this.#undecidedLater.programSize());
  }

  match(text: string, at: number, limit: number): ExpressionMatch | undefined {
    const shown = text.slice(Math.max(0, at - 1), limit);
    const engine = at === 0 ? this.#atStart : this.#later;
    if (!engine.test(shown)) return undefined;
    const matcher = engine.matcher(shown);
    if (!matcher.lookingAt()) return undefined;
    const offset = Math.max(0, at - 1);
    return secretOf(matcher, this.#group, offset, at);
  }

  isUndecided(text: string, at: number, limit: number): boolean {
    if (text.length >= limit) return false;
    const shown = text.slice(Math.max(0, at - 1));
    return (at === 0 ? this.#undecidedAtStart : this.#undecidedLater).test(shown);
  }

  hasBegunCapture(): boolean {
    return true;
  }
}

const WINDOW_BEFORE = 64;

/** For an expression whose beginning says nothing: the text around each of its keywords is searched. */
export class WindowRe2Expression implements Expression {
  readonly start = -WINDOW_BEFORE;
  readonly lookBehind = WINDOW_BEFORE + 1;
  readonly captures = false;
  readonly reach: Reach = { usual: 512, dense: 128 };
  readonly #engine: RE2JS;
  readonly #group: SecretGroup;

  constructor(source: string, group: SecretGroup) {
    this.#engine = RE2JS.compile(source);
    this.#group = group;
  }

  get programSize(): number {
    return this.#engine.programSize();
  }

  /** Of the matches in the window, the first that reaches beyond the keyword's beginning. */
  match(text: string, at: number, limit: number): ExpressionMatch | undefined {
    const windowStart = Math.max(0, at - WINDOW_BEFORE);
    const offset = Math.max(0, windowStart - 1);
    const shown = text.slice(offset, limit);
    if (!this.#engine.test(shown)) return undefined;
    const matcher = this.#engine.matcher(shown);
    let from = windowStart - offset;
    while (from <= shown.length && matcher.find(from)) {
      const end = matcher.end();
      if (end + offset > at) return secretOf(matcher, this.#group, offset, matcher.start() + offset);
      from = Math.max(end, from + 1);
    }
    return undefined;
  }

  isUndecided(text: string, _at: number, limit: number): boolean {
    return text.length < limit;
  }

  hasBegunCapture(): boolean {
    return true;
  }
}

interface Groups {
  groupCount(): number;
  start(group?: number): number;
  end(group?: number): number;
}

function secretOf(
  matcher: Groups,
  group: SecretGroup,
  offset: number,
  from: number,
): ExpressionMatch | undefined {
  const to = matcher.end() + offset;
  const wanted = group > 0 ? [group] : Array.from({ length: matcher.groupCount() }, (_, i) => i + 1);
  for (const one of wanted) {
    const start = matcher.start(one);
    const end = matcher.end(one);
    if (start >= 0 && end > start) return { from, to, start: start + offset, end: end + offset };
  }
  return group > 0 || to === from ? undefined : { from, to, start: from, end: to };
}
