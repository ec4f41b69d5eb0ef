/** What detectors of a team's own words share: how long lists may be, and contexts that a match must be near to. */
import type { GuardrailRule } from '../../../policies/schema/policy.ts';
import type { Fault, Path } from '../../../policies/schema/problem.ts';
import type { Detector } from '../core/finding.ts';
import { nearTo, unionOf } from './combine.ts';
import { createKeywordDetector } from './keyword/detector.ts';
import { compileDictionary, faultOfTerm } from './keyword/dictionary.ts';
import { compileExpression, type DescribedExpression } from './pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from './pattern/detector.ts';

export type NearOption = NonNullable<Extract<GuardrailRule, { detect: 'keyword' }>['near']>;

export interface Complaints {
  readonly faults: Fault[];
  readonly warnings: Fault[];
}

/** Findings of contexts are never told, only where they are. */
const CONTEXT = { kind: 'context', label: 'context', severity: 'low', confidence: 'low' } as const;

/** The detector that finds what `main` finds near to the contexts. */
export function limitedTo(
  near: NearOption | undefined,
  main: Detector,
  path: Path,
  complaints: Complaints,
): Detector {
  if (near === undefined) return main;
  const { terms = [], patterns = [], withinCharacters } = near;
  if (terms.length + patterns.length === 0) {
    complaints.faults.push({
      path,
      message: 'This says how near, but not to what.',
      mend: 'Add "terms" or "patterns", or remove "near".',
    });
  }
  const contexts: Detector[] = [];
  for (const [index, term] of terms.entries()) {
    const fault = faultOfTerm(term);
    if (fault !== undefined) complaints.faults.push({ ...fault, path: [...path, 'terms', index] });
  }
  const expressions: DescribedExpression[] = [];
  for (const [index, source] of patterns.entries()) {
    const compiled = compileExpression(source);
    const place = [...path, 'patterns', index];
    if (!compiled.ok) complaints.faults.push({ path: place, message: compiled.message, mend: compiled.mend });
    else expressions.push({ ...CONTEXT, expression: compiled.expression });
    if (compiled.ok && compiled.warning !== undefined)
      complaints.warnings.push({ path: place, ...compiled.warning });
  }
  if (complaints.faults.length > 0) return main;
  if (terms.length > 0)
    contexts.push(createKeywordDetector('context', compileDictionary(terms, 'case'), CONTEXT));
  if (expressions.length > 0) contexts.push(createPatternDetector('context', compilePatternSet(expressions)));
  return nearTo(main, unionOf('context', contexts), withinCharacters);
}
