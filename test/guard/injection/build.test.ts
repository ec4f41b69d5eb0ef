import { describe, expect, it } from 'vitest';
import { buildInjection } from '../../../agent/src/guard/injection/build.ts';
import { policyOf } from '../../kit/decide.ts';

const keysOf = (...rules: string[]): readonly string[] =>
  policyOf(
    `guardrails:\n${rules.map((rule, i) => `  - { id: r${i}, detect: injection, action: warn, ${rule} }\n`).join('')}`,
  ).detectors.keys;

describe('building the injection detector', () => {
  it('reads what tools bring more strictly than what people write', () => {
    expect(
      keysOf(
        'on: [request]',
        'on: tool-result',
        'on: [tool-result, attachment]',
        'on: request, roles: tool',
        'on: [request, tool-result]',
        'on: request, roles: [tool, user]',
      ),
    ).toEqual([
      'injection',
      'injection:content',
      'injection:content',
      'injection:content',
      'injection',
      'injection',
    ]);
  });

  it('refuses a kind that it never finds, and says which was meant', () => {
    const rule = { id: 'a', detect: 'injection', kinds: ['template-tokens', 'invisible-*'] };
    expect(buildInjection(rule as never)).toEqual({
      ok: false,
      faults: [
        {
          path: ['kinds', 0],
          message: 'This detector finds nothing of the kind "template-tokens".',
          mend: 'Did you mean "template-token"?',
        },
      ],
    });
  });
});
