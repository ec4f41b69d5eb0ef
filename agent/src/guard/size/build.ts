import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { DetectorBuild } from '../build.ts';
import { createSizeDetector } from './size.ts';

export function buildSize(rule: Extract<GuardrailRule, { detect: 'size' }>): DetectorBuild {
  const { id, maxBytes, maxTokens, maxMessages } = rule;
  if (maxBytes === undefined && maxTokens === undefined && maxMessages === undefined) {
    return {
      ok: false,
      faults: [
        {
          path: [],
          message: 'A size guardrail needs a limit.',
          mend: 'Add maxBytes, maxTokens or maxMessages.',
        },
      ],
    };
  }
  const key = `size:${id}`;
  return { ok: true, key, make: () => createSizeDetector(key, { maxBytes, maxTokens, maxMessages }) };
}
