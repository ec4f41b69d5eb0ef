/** Finds the cheapest way to run an expression that a team brings: in our own subset if it fits, else by RE2. */
import { RE2JS } from 're2js';
import { type Expression, NativeExpression } from '../../engine/expression.ts';
import { PatternError, parsePattern } from '../../engine/pattern.ts';
import { backtracks, dropLeadingRun, literalPrefixes } from '../../engine/re2/analyse.ts';
import type { CodeUnits } from '../../engine/re2/code-units.ts';
import { parseRe2, type Sequence, UnreadableExpression } from '../../engine/re2/parse.ts';
import { AnchoredRe2Expression, WindowRe2Expression } from '../../engine/re2/re2-expression.ts';
import { writePattern } from '../../engine/re2/write.ts';

export interface TeamExpression {
  readonly expression: Expression;
  /** Where it is tried: what its matches begin with, or else the rule's own keywords. */
  readonly keywords: readonly string[];
  /** `window`: it has no fixed beginning, so text is searched around its keywords. */
  readonly engine: 'own' | 're2' | 'window';
  /** Characters of this set may stand before the match as part of it. */
  readonly leadingRun: CodeUnits | undefined;
}

export type CompiledTeamExpression =
  | { readonly ok: true; readonly value: TeamExpression }
  | { readonly ok: false; readonly setting: 'regex' | 'keywords' | 'secretGroup'; readonly message: string };

/** RE2 takes time in proportion to its program for every character; gitleaks' largest has 2,000 instructions. */
const MAX_PROGRAM = 20_000;
const MAX_EXPRESSION = 10_000;
/** Ways that a backtracking engine may have to try at one place. */
const MAX_BACKTRACKS = 5000;
const MAX_OWN_LENGTH = 30_000;
/** A beginning or keyword of one character turns up everywhere. */
const MIN_KEYWORD = 2;
const MAX_KEYWORD = 64;

export function compileTeamExpression(
  source: string,
  secretGroup: number,
  ownKeywords: readonly string[],
): CompiledTeamExpression {
  const refuse = (message: string, setting: 'regex' | 'keywords' | 'secretGroup' = 'regex') =>
    ({ ok: false, setting, message }) as const;
  if (source.length > MAX_EXPRESSION) return refuse(`longer than ${MAX_EXPRESSION} characters`);
  let engine: RE2JS;
  try {
    engine = RE2JS.compile(source);
  } catch (error) {
    return refuse(`not an RE2 expression: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (engine.programSize() > MAX_PROGRAM) return refuse('this expression is too large');
  if (!Number.isInteger(secretGroup) || secretGroup < 0 || secretGroup > engine.groupCount()) {
    return refuse(`the expression has ${engine.groupCount()} groups`, 'secretGroup');
  }
  if (engine.test('')) return refuse('it matches the empty text');

  const read = readable(source);
  const { rest, dropped } =
    read === undefined ? { rest: undefined, dropped: undefined } : dropLeadingRun(read);
  const prefixes = rest && literalPrefixes(rest);
  if (rest !== undefined && prefixes?.every((text) => text.length >= MIN_KEYWORD)) {
    const own = ownExpression(rest, secretGroup);
    const expression = own ?? anchored(rest, secretGroup);
    if (expression !== undefined) {
      const kind = own === undefined ? 're2' : 'own';
      return { ok: true, value: { expression, keywords: prefixes, engine: kind, leadingRun: dropped } };
    }
  }
  const keywords = [...new Set(ownKeywords.map((keyword) => keyword.toLowerCase()))];
  if (keywords.length === 0) {
    return refuse('the expression has no fixed beginning, so the rule needs keywords', 'keywords');
  }
  const unfit = keywords.find(
    (one) => !/^[\x20-\x7e]+$/.test(one) || one.length < MIN_KEYWORD || one.length > MAX_KEYWORD,
  );
  if (unfit !== undefined) {
    return refuse(
      `"${unfit}" can't be a keyword: use ${MIN_KEYWORD} to ${MAX_KEYWORD} ASCII characters`,
      'keywords',
    );
  }
  const expression = new WindowRe2Expression(source, secretGroup);
  return { ok: true, value: { expression, keywords, engine: 'window', leadingRun: undefined } };
}

function readable(source: string): readonly Sequence[] | undefined {
  try {
    return parseRe2(source);
  } catch (error) {
    if (error instanceof UnreadableExpression) return undefined;
    throw error;
  }
}

function ownExpression(rest: readonly Sequence[], group: number): Expression | undefined {
  if (backtracks(rest) > MAX_BACKTRACKS) return undefined;
  const pattern = writePattern(rest, group === 0 ? undefined : group);
  if (pattern === undefined) return undefined;
  try {
    if (parsePattern(pattern).maxLength > MAX_OWN_LENGTH) return undefined;
    return new NativeExpression(pattern, undefined, group > 0);
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

function anchored(rest: readonly Sequence[], group: number): Expression | undefined {
  try {
    const expression = new AnchoredRe2Expression(rest, group);
    return expression.programSize > MAX_PROGRAM ? undefined : expression;
  } catch {
    // What is derived from the expression may be too large for RE2 although the expression itself isn't.
    return undefined;
  }
}
