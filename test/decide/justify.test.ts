import { describe, expect, it } from 'vitest';
import type { PolicyException } from '../../agent/src/core/exception.ts';
import { decideRequest } from '../../agent/src/decide/decide.ts';
import { refusalOf } from '../../agent/src/decide/refusal.ts';
import { findingOf, NOW_MS, policyOf, requestOf } from '../kit/decide.ts';

const EXCEPTION: PolicyException = {
  id: 'x-1',
  rule: 'ask',
  app: 'claude-code',
  decisionId: 'd-0',
  reason: 'test data',
  grantedAtMs: NOW_MS - 60_000,
  untilMs: NOW_MS + 600_000,
};

const rules = (...more: string[]) =>
  policyOf(
    `guardrails:\n  - { id: ask, detect: secrets, action: justify, message: Ask legal. }\n${more.join('')}`,
  );

function decide(policy = rules(), exception?: PolicyException) {
  const request = requestOf(policy, { findings: [findingOf({})] });
  return decideRequest(policy, {
    ...request,
    exceptionFor: (rule) => (rule === exception?.rule ? exception : undefined),
  });
}

describe('a rule that wants a reason', () => {
  it('holds the call back and says how to go on', () => {
    const decision = decide();
    expect([decision.decision, decision.effective]).toEqual(['justify', 'justify']);
    const { message, code } = refusalOf(decision);
    expect(code).toBe('postern_justify');
    expect(message).toContain('Postern held this call back. The rule "ask" found an AWS access key');
    expect(message).toContain('Ask legal.');
    expect(message).toContain('postern justify d-1 --reason');
  });

  it('lets it pass once one was given, and says so', () => {
    const decision = decide(rules(), EXCEPTION);
    expect(decision.effective).toBe('warn');
    expect(decision.reasons[0]).toMatchObject({ action: 'warn', rule: { id: 'ask' } });
    expect(decision.reasons[0]?.text).toContain('a reason was given (x-1), which holds for 10 more min.');
  });

  it('is no way around a rule that blocks, which is told first', () => {
    const strict = rules('  - { id: never, detect: secrets, action: block }\n');
    expect(decide(strict, EXCEPTION).effective).toBe('block');
    const { message } = refusalOf(decide(strict));
    expect(message).toContain('The rule "never" found');
    expect(message).not.toContain('postern justify');
  });

  it('on trial holds nothing back', () => {
    const trial = policyOf('guardrails:\n  - { id: ask, detect: secrets, action: justify, shadow: true }\n');
    const decision = decide(trial);
    expect([decision.decision, decision.effective]).toEqual(['justify', 'allow']);
    expect(decision.reasons[0]).toMatchObject({ shadow: true });
  });
});

it('cannot be asked for an answer', () => {
  expect(() =>
    policyOf('guardrails:\n  - { id: a, detect: secrets, action: justify, on: [response] }\n'),
  ).toThrow(/A reason can be asked for what is sent/);
});
