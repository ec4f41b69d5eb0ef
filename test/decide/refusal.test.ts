import { describe, expect, it } from 'vitest';
import { decideRequest, decideUnread } from '../../agent/src/decide/decide.ts';
import { refusalOf } from '../../agent/src/decide/refusal.ts';
import { callOf, exchangeOf, findingOf, partOf, policyOf, requestOf } from '../kit/decide.ts';

describe('refusalOf', () => {
  it('names the rule, what and where, what to do, and where to read on', () => {
    const compiled = policyOf(
      'guardrails:\n  - { id: no-secrets, detect: secrets, action: block, message: Use the vault. }\n',
    );
    const exchange = exchangeOf({
      parts: [partOf({ pointer: '/r', kind: 'tool-result', role: 'tool', toolName: 'Bash' })],
    });
    const findings = [findingOf({ place: '/r', partKind: 'tool-result', role: 'tool' })];
    expect(refusalOf(decideRequest(compiled, requestOf(compiled, { exchange, findings })))).toEqual({
      decisionId: 'd-1',
      code: 'postern_guardrail',
      message:
        'Postern stopped this call. The rule "no-secrets" found an AWS access key in the result of the tool "Bash". Use the vault. Decision d-1; to see why: postern explain d-1',
    });
  });

  it.each([
    [
      'services:\n  - { match: anthropic, mode: block }\n',
      'postern_service',
      'Use a service that your company has approved.',
    ],
    ['models:\n  - { match: "claude-*", action: block }\n', 'postern_model', 'Choose another model.'],
    ['apps: { default: deny }\n', 'postern_app', 'Use an app that your company has approved.'],
    [
      'guardrails:\n  - { id: g, detect: secrets, action: block }\n',
      'postern_guardrail',
      'Take it out and send again',
    ],
  ])('says what to do where the policy has no words of its own: %s', (yaml, code, advice) => {
    const compiled = policyOf(yaml);
    const refusal = refusalOf(decideRequest(compiled, requestOf(compiled, { findings: [findingOf()] })));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(advice);
  });

  it('explains what could not be checked', () => {
    const compiled = policyOf('failure: { oversizedRequest: block }\n');
    const refusal = refusalOf(decideUnread(compiled, callOf(compiled), 'oversized'));
    expect(refusal).toMatchObject({ code: 'postern_failure' });
    expect(refusal.message).toContain('This request is larger than the agent can check, so it was not sent.');
  });

  it('stays short and on one line, and counts further objections', () => {
    const compiled = policyOf(
      `guardrails:\n  - { id: a, detect: secrets, action: block, message: "${'long words '.repeat(50)}" }\n  - { id: b, detect: secrets, action: block }\nmodels:\n  - { match: "*", action: block }\n`,
    );
    const findings = Array.from({ length: 20 }, (_, i) =>
      findingOf({ label: `Very long name of a kind of credential, number ${i}` }),
    );
    const exchange = exchangeOf({ model: 'm'.repeat(5000) });
    const { message } = refusalOf(decideRequest(compiled, requestOf(compiled, { findings, exchange })));
    expect(message.length).toBeLessThan(700);
    expect(message).not.toContain('\n');
    expect(message).toContain('2 more rules object.');
    expect(message).toContain('postern explain d-1');
  });
});
