import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Fault } from '../../../../policies/schema/problem.ts';
import type { Detector } from '../../core/finding.ts';
import type { DetectorBuild } from '../build.ts';
import { unionOf } from '../combine.ts';
import { type Complaints, limitedTo, type NearOption } from '../own-words.ts';
import { compileExpression, type DescribedExpression } from './compile.ts';
import { compilePatternSet, createPatternDetector } from './detector.ts';

type PatternRule = Extract<GuardrailRule, { detect: 'pattern' }>;

const MAX_EXPRESSIONS = 500;
/** Of one rule: time per text grows with them. */
const MAX_INSTRUCTIONS = 50_000;
/** Expressions that are tried all over every text. */
const MAX_UNANNOUNCED = 20;
/** The keyword table has a row for each character of a keyword, and a column for each different one. */
const MAX_KEYWORD_CHARACTERS = 20_000;
const MAX_DIFFERENT_CHARACTERS = 250;

export function buildPattern(rule: PatternRule): DetectorBuild {
  const complaints: Complaints = { faults: [], warnings: [] };
  if (rule.patterns.length > MAX_EXPRESSIONS) {
    return refuse(
      `This rule has more than ${MAX_EXPRESSIONS} expressions.`,
      'Split it, or list words with "detect: keyword".',
    );
  }
  const expressions: DescribedExpression[] = [];
  let instructions = 0;
  for (const [index, pattern] of rule.patterns.entries()) {
    const path = ['patterns', index];
    const { caseSensitive } = rule;
    const compiled = compileExpression(pattern.expression, { caseSensitive, keywords: pattern.keywords });
    if (!compiled.ok) {
      complaints.faults.push({ path, message: compiled.message, mend: compiled.mend });
      continue;
    }
    if (compiled.warning !== undefined) complaints.warnings.push({ path, ...compiled.warning });
    instructions += compiled.programSize;
    expressions.push({ ...describe(rule, index), expression: compiled.expression });
  }
  if (complaints.faults.length === 0) complaints.faults.push(...faultsTogether(expressions, instructions));
  if (complaints.faults.length > 0) return { ok: false, faults: complaints.faults };

  const detector = unionOf(
    `pattern:${rule.id}`,
    groupsByNear(rule, expressions).map(({ near, path, members }) =>
      limitedTo(near, createPatternDetector(rule.id, compilePatternSet(members)), path, complaints),
    ),
  );
  const { faults, warnings } = complaints;
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, key: `pattern:${rule.id}`, make: (): Detector => detector, warnings };
}

function describe(rule: PatternRule, index: number): Omit<DescribedExpression, 'expression'> {
  const pattern = rule.patterns[index];
  return {
    kind: pattern?.id ?? rule.id,
    label: pattern?.label ?? rule.label ?? 'protected phrase',
    severity: pattern?.severity ?? rule.severity,
    confidence: pattern?.confidence ?? rule.confidence,
  };
}

interface Group {
  readonly near: NearOption | undefined;
  readonly path: Fault['path'];
  readonly members: DescribedExpression[];
}

/** Expressions without a context of their own are searched for in one pass. */
function groupsByNear(rule: PatternRule, expressions: readonly DescribedExpression[]): readonly Group[] {
  const common: Group = { near: rule.near, path: ['near'], members: [] };
  const groups: Group[] = [];
  for (const [index, expression] of expressions.entries()) {
    const near = rule.patterns[index]?.near;
    if (near === undefined) common.members.push(expression);
    else groups.push({ near, path: ['patterns', index, 'near'], members: [expression] });
  }
  return common.members.length > 0 ? [common, ...groups] : groups;
}

function faultsTogether(expressions: readonly DescribedExpression[], instructions: number): Fault[] {
  const keywords = new Set(expressions.flatMap(({ expression }) => expression.keywords));
  const characters = [...keywords].reduce((sum, { length }) => sum + length, 0);
  const different = new Set([...keywords].flatMap((keyword) => [...keyword])).size;
  const unannounced = expressions.filter(({ expression }) => expression.keywords.length === 0).length;
  const faults: Fault[] = [];
  const complain = (message: string, mend: string) => faults.push({ path: ['patterns'], message, mend });
  if (instructions > MAX_INSTRUCTIONS) {
    complain('The expressions of this rule are too large together.', 'Split the rule, or simplify them.');
  }
  if (unannounced > MAX_UNANNOUNCED) {
    complain(
      `${unannounced} expressions of this rule hold no fixed word, and ${MAX_UNANNOUNCED} are the most.`,
      'Put a fixed word into each, or give "keywords".',
    );
  }
  if (characters > MAX_KEYWORD_CHARACTERS || different > MAX_DIFFERENT_CHARACTERS) {
    complain(
      'The fixed words of this rule are too many together.',
      'Split the rule, or use "detect: keyword".',
    );
  }
  return faults;
}

const refuse = (message: string, mend: string): DetectorBuild => ({
  ok: false,
  faults: [{ path: ['patterns'], message, mend }],
});
