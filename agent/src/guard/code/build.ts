import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Fault } from '../../../../policies/schema/problem.ts';
import type { DetectorBuild } from '../build.ts';
import { unionOf } from '../combine.ts';
import { faultOfTerm } from '../keyword/dictionary.ts';
import { createCodeDetector } from './detector.ts';
import { LANGUAGES, languageNamed } from './languages.ts';
import { createMarkingDetector } from './markings.ts';

type CodeRule = Extract<GuardrailRule, { detect: 'code' }>;

export function buildCode(rule: CodeRule): DetectorBuild {
  const { minShare, minCharacters, languages = [], markings = [], owners = [], licences = ['*'] } = rule;
  const faults = [...languageFaults(languages), ...markingFaults(markings)];
  if (faults.length > 0) return { ok: false, faults };
  // Notices alone need no counting of lines, which is the costly part.
  const noticesOnly = rule.kinds?.every((kind) => !kind.includes('*') && kind !== 'source-code') ?? false;
  if (noticesOnly) {
    const headers = rule.kinds?.includes('licence-header') ?? true;
    const key = `notices:${JSON.stringify([markings, owners, licences, headers])}`;
    return { ok: true, key, make: () => createMarkingDetector(key, { markings, owners, licences, headers }) };
  }
  const chosen = languages.flatMap((name) => languageNamed(name) ?? []);
  // Rules that ask for the same share one.
  const key = `code:${JSON.stringify([minShare, minCharacters, chosen, markings, owners, licences])}`;
  return {
    ok: true,
    key,
    make: () =>
      unionOf(key, [
        createCodeDetector(key, {
          minShare,
          minCharacters,
          languages: languages.length > 0 ? new Set(chosen) : undefined,
        }),
        createMarkingDetector(key, { markings, owners, licences }),
      ]),
  };
}

function languageFaults(languages: readonly string[]): Fault[] {
  return languages.flatMap((name, index) => {
    if (languageNamed(name) !== undefined) return [];
    return {
      path: ['languages', index],
      message: `"${name}" isn't a language that can be told.`,
      mend: `Use one of: ${LANGUAGES.join(', ')}.`,
    };
  });
}

function markingFaults(markings: readonly string[]): Fault[] {
  return markings.flatMap((term, index) => {
    const fault = faultOfTerm(term);
    return fault === undefined ? [] : { ...fault, path: ['markings', index] };
  });
}
