import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Fault } from '../../../../policies/schema/problem.ts';
import type { BuildContext, DetectorBuild } from '../build.ts';
import { type Complaints, limitedTo } from '../own-words.ts';
import type { Folding } from '../text/fold.ts';
import { createKeywordDetector } from './detector.ts';
import { compileDictionary, faultOfTerm } from './dictionary.ts';
import { readDictionary } from './dictionary-file.ts';

type KeywordRule = Extract<GuardrailRule, { detect: 'keyword' }>;

/** Of one rule, all files and inline terms together: 15 MB of memory and half a second. */
const MAX_TERMS = 250_000;

export function buildKeyword(rule: KeywordRule, context: BuildContext): DetectorBuild {
  const complaints: Complaints = { faults: [], warnings: [] };
  const terms = [...inlineTerms(rule, complaints.faults), ...fileTerms(rule, context, complaints.faults)];
  if (complaints.faults.length === 0) complaints.faults.push(...faultsTogether(rule, terms.length));
  if (complaints.faults.length > 0) return { ok: false, faults: complaints.faults };

  const { id, severity, confidence } = rule;
  const label = rule.label ?? 'listed term';
  const key = `keyword:${id}`;
  const all = createKeywordDetector(key, compileDictionary(terms, foldingOf(rule)), {
    kind: id,
    label,
    severity,
    confidence,
  });
  const detector = limitedTo(rule.near, all, ['near'], complaints);
  const { faults, warnings } = complaints;
  return faults.length > 0 ? { ok: false, faults } : { ok: true, key, make: () => detector, warnings };
}

function inlineTerms({ terms = [] }: KeywordRule, faults: Fault[]): readonly string[] {
  for (const [index, term] of terms.entries()) {
    const fault = faultOfTerm(term);
    if (fault !== undefined) faults.push({ ...fault, path: ['terms', index] });
  }
  return terms;
}

function fileTerms(
  { dictionary = [] }: KeywordRule,
  context: BuildContext,
  faults: Fault[],
): readonly string[] {
  return dictionary.flatMap((name, index) => {
    const path = ['dictionary', index];
    const file = context.readFile(name);
    if (!file.ok) {
      faults.push({
        path,
        message: file.message,
        mend: 'Save it as UTF-8 text beside the policy, one term a line.',
      });
      return [];
    }
    const read = readDictionary(name, file.text, MAX_TERMS);
    faults.push(...read.problems.map((problem) => ({ ...problem, path })));
    return read.terms;
  });
}

function faultsTogether(rule: KeywordRule, count: number): Fault[] {
  if (count > MAX_TERMS) {
    return [
      {
        path: rule.dictionary === undefined ? ['terms'] : ['dictionary'],
        message: `This rule has ${count} terms, and ${MAX_TERMS} are the most.`,
        mend: 'Remove those that matter least, or split the rule.',
      },
    ];
  }
  if (count > 0) return [];
  return [
    {
      path: [],
      message: 'This rule has no terms.',
      mend: 'Add "terms", or a "dictionary" file with one term a line.',
    },
  ];
}

function foldingOf({ caseSensitive, diacritics }: KeywordRule): Folding {
  if (caseSensitive) return diacritics === 'ignore' ? 'accents' : 'none';
  return diacritics === 'ignore' ? 'case-and-accents' : 'case';
}
