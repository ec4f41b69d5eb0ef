import { RE2JS, RE2JSException } from 're2js';
import type { Match } from '../../core/finding.ts';
import { caseKey } from '../text/orbits.ts';
import { MAX_KEYWORDS, requiredLiterals } from './literals.ts';
import { type Program, readProgram } from './program.ts';
import { type ExpressionShape, shapeOf } from './shape.ts';
import { explainSyntax } from './words.ts';

/** A match up to this length is found whole. A longer one may be found in pieces, or not if it needs both its ends. */
export const MAX_MATCH_LENGTH = 1024;
export const MAX_EXPRESSION_LENGTH = 2000;
/** RE2 instructions. Time per character grows with them. */
const MAX_PROGRAM_SIZE = 2000;
/** Without a required word, fewer fixed characters than this are in every text. */
const MIN_UNANNOUNCED_LENGTH = 4;
/** What an expression without a fixed word matches here, it matches in every conversation. */
const ORDINARY_TEXT =
  'The meeting is on Monday at 10:30, please bring the report (version 2). It costs about 1,200 euros.\n\n' +
  'const total = items.filter((item) => item.price > 0).length; // see https://example.com/help?id=7\n' +
  '  return total;\n';
/** Letters, digits and a few signs: what runs of such characters cost is little, since most of a text isn't one. */
const NARROW_ALPHABET = 40;

export interface CompiledExpression extends ExpressionShape {
  readonly matcher: RE2JS;
  /** In case keys. A match holds one of them; empty: every long enough run of its characters is tried. */
  readonly keywords: readonly string[];
  /** How many code units of a match may stand before the first keyword; at most MAX_MATCH_LENGTH. */
  readonly before: number;
  /** True if the keywords were given and not derived: then they must be looked for in the match. */
  readonly mustContain: boolean;
  readonly cellLength: number;
}

export interface DescribedExpression extends Pick<Match, 'kind' | 'label' | 'severity' | 'confidence'> {
  readonly expression: CompiledExpression;
}

export type ExpressionResult =
  | {
      readonly ok: true;
      readonly expression: CompiledExpression;
      /** What it costs, where that is more than it need be. */
      readonly warning: { readonly message: string; readonly mend: string } | undefined;
      readonly programSize: number;
    }
  | { readonly ok: false; readonly message: string; readonly mend: string };

export interface ExpressionOptions {
  readonly caseSensitive?: boolean;
  /** A match must hold one of these. */
  readonly keywords?: readonly string[] | undefined;
}

export function compileExpression(source: string, options: ExpressionOptions = {}): ExpressionResult {
  const { caseSensitive = true, keywords: given = [] } = options;
  if (source.length > MAX_EXPRESSION_LENGTH) {
    return refuse(
      `This expression has more than ${MAX_EXPRESSION_LENGTH} characters.`,
      'Split it, or list words with "detect: keyword".',
    );
  }
  let matcher: RE2JS;
  try {
    matcher = RE2JS.compile(source, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { ok: false, ...explainSyntax(source, error.message) };
  }
  const program = readProgram(matcher);
  const programSize = program.steps.length;
  if (programSize > MAX_PROGRAM_SIZE) {
    return refuse(
      `This expression is too large: ${programSize} steps, and ${MAX_PROGRAM_SIZE} are the most.`,
      'Repeat less often, split it, or list words with "detect: keyword".',
    );
  }
  const shape = shapeOf(program);
  const impossible = faultOfShape(shape);
  if (impossible !== undefined) return refuse(...impossible);
  const required = keywordsOf(program, shape, given);
  const isShort = shape.minLength < MIN_UNANNOUNCED_LENGTH;
  if (required.keywords.length === 0 && (isShort || matcher.matcher(ORDINARY_TEXT).find())) {
    return refuse(
      'This expression matches something in almost every text.',
      'Put a fixed word of at least three letters into it, or say more of what it must look like.',
    );
  }
  const cellLength = Math.min(MAX_MATCH_LENGTH, Math.max(16, shape.maxLength));
  return {
    ok: true,
    expression: { ...shape, ...required, matcher, cellLength },
    warning: required.keywords.length === 0 ? slowness(shape) : undefined,
    programSize,
  };
}

const refuse = (message: string, mend: string): ExpressionResult => ({ ok: false, message, mend });

function faultOfShape({ minLength }: ExpressionShape): [string, string] | undefined {
  if (minLength === 0) {
    return [
      'This expression matches the empty text, which is everywhere.',
      'Use "+" instead of "*" or "?", or leave the optional parts out.',
    ];
  }
  if (minLength === Infinity) return ["This expression can't match any text.", 'Correct it.'];
  return undefined;
}

function keywordsOf(program: Program, { maxLength }: ExpressionShape, given: readonly string[]) {
  if (given.length > 0) {
    const keywords = given.map((keyword) =>
      Array.from({ length: keyword.length }, (_, i) => foldUnit(keyword, i)).join(''),
    );
    return { keywords, before: Math.min(maxLength, MAX_MATCH_LENGTH), mustContain: true };
  }
  const required = requiredLiterals(program);
  return {
    keywords: required?.keywords ?? [],
    before: Math.min(required?.before ?? 0, MAX_MATCH_LENGTH),
    mustContain: false,
  };
}

const foldUnit = (text: string, at: number): string => String.fromCharCode(caseKey(text.charCodeAt(at)));

function slowness({ alphabetSize }: ExpressionShape): { message: string; mend: string } {
  const cost =
    alphabetSize <= NARROW_ALPHABET ? 'about 5 ms for each megabyte' : 'up to 500 ms for each megabyte';
  return {
    message: `No word is in all that this expression matches, so that much of every text must be tried: ${cost}.`,
    mend: `Put a fixed word into it, or give "keywords" (at most ${MAX_KEYWORDS}) of which a match always holds one.`,
  };
}
