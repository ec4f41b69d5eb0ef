import type { Confidence, Severity } from '../../core/finding.ts';
import type { Expression } from './expression.ts';
import type { Lead } from './lead.ts';
import type { Run } from './run.ts';

/** What one kind of sensitive text looks like: keywords that announce it, the exact shape, and what makes it real. */
export interface Rule extends RuleFrame {
  /** See pattern.ts for the subset. Tried where a keyword starts; the first capturing group is the secret, else all. */
  readonly pattern: string;
  /** Random characters that stand before the keyword, where the vendor puts its signature at the end. */
  readonly lead?: Lead;
  /** Implied by `pattern`: every keyword is followed by such a run. */
  readonly run?: Run;
}

/** A rule whose expression isn't in our subset: it brings its own engine. */
export interface ForeignRule extends RuleFrame {
  readonly expression: Expression;
}

interface RuleFrame {
  /** Kebab-case, stable: policies name it. */
  readonly id: string;
  /** In the employee's words: `AWS access key`. */
  readonly label: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The vendor's page about this credential. */
  readonly source: string;
  /** ASCII. One of them starts every match of `pattern`; found in any case, so the pattern decides about case. */
  readonly keywords: readonly string[];
  /** The secret may start with the keyword itself, in any case and inside a word. */
  readonly opensAnywhere?: true;
  /** Which of several overlapping matches is kept: the highest. 0 for rules that only guess from context. */
  readonly specificity: number;
  /** The confidence in this very secret; undefined: not a finding. `before`: the characters (48 at most) that precede it. */
  judge(secret: string, before: string): Confidence | undefined;
  /** True if the match is a known exception. */
  isExcepted?(found: FoundText): boolean;
  /** `isExcepted` looks at the line: in a stream it has to be waited for. */
  readonly exceptsByLine?: true;
}

/** A match and its surroundings, for exceptions. */
export interface FoundText {
  readonly secret: string;
  /** All that the expression matched. */
  readonly matched: string;
  /** The characters (48 at most) before that. */
  readonly before: string;
  /** The line that it is in, as far as 200 characters each way; empty unless the rule asks for it. */
  readonly line: string;
}
