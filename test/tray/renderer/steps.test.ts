import { describe, expect, it } from 'vitest';
import { outcomeOf, when } from '../../../tray-ui/src/renderer/state/call-words.ts';
import { stepsFor } from '../../../tray-ui/src/renderer/stop/steps.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { oneExchange } from '../../kit/agent-status.ts';

const stopped = (changes = {}) =>
  oneExchange({
    decision: 'block',
    effective: 'block',
    result: 'refused',
    reasons: [{ rule: 'r', action: 'block', text: 'It objects.' }],
    ...changes,
  });

describe('what to do', () => {
  it.each([
    ['model', 'step.otherModel'],
    ['budget', 'step.waitBudget'],
    ['limit', 'step.slower'],
    ['app', 'step.otherApp'],
    ['service', 'step.otherService'],
  ] as const)('about a %s rule', (kind, first) => {
    expect(stepsFor(stopped(), () => kind)[0]).toBe(first);
  });

  it('about what was found', () => {
    const found = { findings: { 'github-token': 1 } };
    expect(stepsFor(stopped(found), () => 'guardrail')[0]).toBe('step.takeOut');
    expect(stepsFor(stopped({ ...found, effective: 'justify' }), () => 'guardrail')[0]).toBe('step.reason');
    expect(stepsFor(stopped({ ...found, result: 'cut' }), () => undefined)[0]).toBe('step.askWithout');
    expect(stepsFor(stopped(), () => undefined)[0]).toBe('step.tryAgain');
  });

  it('about a call that went on', () => {
    expect(stepsFor(oneExchange(), () => undefined)).toEqual([]);
    expect(stepsFor(oneExchange({ effective: 'redact' }), () => undefined)).toEqual(['step.redacted']);
    expect(stepsFor(oneExchange({ effective: 'warn' }), () => undefined)).toEqual([]);
    expect(stepsFor(oneExchange({ effective: 'warn', findings: { email: 1 } }), () => undefined)).toEqual([
      'step.warned',
    ]);
  });
});

it.each([
  [{}, 'allow'],
  [{ effective: 'block' }, 'block'],
  [{ effective: 'block', result: 'cut' }, 'cut'],
  [{ result: 'upstream-failed' }, 'failed'],
  [{ effective: 'redact', result: 'upstream-failed' }, 'redact'],
] as const)('%j was %s', (changes, outcome) => {
  expect(outcomeOf(oneExchange(changes))).toBe(outcome);
});

it('tells the day of a call that is not of today', () => {
  const words = createTranslator(['en-GB']);
  const noon = new Date(2026, 10, 26, 12).getTime();
  expect(when(noon - 3_600_000, noon, words)).toBe('11:00');
  expect(when(noon - 86_400_000, noon, words)).toMatch(/25 Nov 2026/);
});
