import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { DetectorBuild } from '../build.ts';
import { unknownKinds } from '../kinds.ts';
import { createPiiDetector } from './detector.ts';
import { type PiiOptions, piiKinds } from './kinds.ts';

type PiiRule = Extract<GuardrailRule, { detect: 'pii' }>;

export function buildPii(rule: PiiRule): DetectorBuild {
  const faults = unknownKinds(rule.kinds, piiKinds);
  if (faults.length > 0) return { ok: false, faults };
  const options = optionsOf(rule);
  const key = keyOf(options);
  return { ok: true, key, make: () => createPiiDetector(key, options) };
}

/**
 * Requests are searched for everything, so that all rules share one scan; the rule then picks its kinds. An answer is
 * searched only for what the rule wants: looking for mail addresses holds back every word until the next one begins.
 */
function optionsOf({ countries, companyDomains, kinds, on }: PiiRule): PiiOptions {
  const readsAnswers = on.includes('response') || on.includes('tool-call');
  return { countries, companyDomains, kinds: readsAnswers ? kinds : undefined };
}

/** Equal for rules that ask for the same, in whatever order. */
function keyOf({ countries, companyDomains, kinds }: PiiOptions): string {
  const parts = [countries, kinds, companyDomains]
    .filter((list) => list !== undefined)
    .map((list) => [...new Set(list)].sort().join(','));
  return ['pii', ...parts].join(':');
}
