import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../agent/src/decide/decide.ts';
import type { RuleAccount } from '../../agent/src/decide/evaluation.ts';
import { explain } from '../../agent/src/decide/explain.ts';
import { joinReasons, spendRulesFor } from '../../agent/src/decide/spend-rules.ts';
import { exchangeOf, policyOf, requestOf } from '../kit/decide.ts';

const POLICY = `budgets:
  - { id: all, scope: user, window: 1d, limitUsd: 5, action: block }
  - { id: opus, scope: user, window: 1d, limitUsd: 1, action: block, match: "claude-opus-*" }
  - { id: night, scope: app, window: 1h, limitTokens: 9, action: warn, when: 'app == "codex"' }
  - { id: broken, scope: app, window: 1h, limitUsd: 9, action: block, when: '1 / request.attachments.size() == 1' }
limits:
  - { id: burst, scope: app, requestsPerMinute: 60, match: ["gpt-*", "claude-*"] }
`;

describe('the rules that a call counts against', () => {
  const compiled = policyOf(POLICY);

  it('are those about its model whose condition is met, and those whose condition can not be told', () => {
    const rules = spendRulesFor(compiled, requestOf(compiled));
    expect(rules.budgets.map(({ id }) => id)).toEqual(['all', 'broken']);
    expect(rules.limits.map(({ id }) => id)).toEqual(['burst']);
    expect(rules.reasons).toMatchObject([{ action: 'warn', rule: { kind: 'failure', id: 'broken' } }]);
    const opus = spendRulesFor(
      compiled,
      requestOf(compiled, { exchange: exchangeOf({ model: 'anthropic/claude-opus-5' }) }),
    );
    expect(opus.budgets.map(({ id }) => id)).toContain('opus');
  });

  it('are told by explain, with what they allow', () => {
    const accounts: RuleAccount[] = [];
    spendRulesFor(compiled, requestOf(compiled), accounts);
    expect(accounts.find(({ id }) => id === 'all')).toMatchObject({
      outcome: 'applied',
      text: 'This call counts: $5 in 1d for each user, then block.',
    });
    expect(accounts.find(({ id }) => id === 'opus')).toMatchObject({ outcome: 'not-matched' });
    const { rules } = explain(compiled, { type: 'request', request: requestOf(compiled) });
    expect(rules.map(({ id }) => id)).toEqual(expect.arrayContaining(['all', 'opus', 'night', 'burst']));
  });

  it('a condition that can not be compiled is refused with its place', () => {
    expect(() =>
      policyOf("limits: [{ id: a, scope: user, requestsPerMinute: 1, when: 'nonsense' }]\n"),
    ).toThrow(/limits\[0\]\.when/);
  });
});

describe('joining reasons to a decision', () => {
  const compiled = policyOf('models: [{ match: "claude-*", action: warn }]\n');
  const decision = decideRequest(compiled, requestOf(compiled));
  const reason = {
    rule: { kind: 'budget', id: 'b' },
    action: 'block',
    text: 'x',
    message: undefined,
    findings: [],
  } as const;

  it('makes it stricter, never milder, and leaves it alone without any', () => {
    expect(joinReasons(decision, [reason], false)).toMatchObject({ decision: 'block', effective: 'block' });
    expect(joinReasons(decision, [{ ...reason, action: 'allow' }], false)).toMatchObject({
      decision: 'warn',
      effective: 'warn',
    });
    expect(joinReasons(decision, [], false)).toBe(decision);
  });

  it('does nothing in shadow mode and on trial but to say so', () => {
    expect(joinReasons(decision, [reason], true)).toMatchObject({ decision: 'block', effective: 'allow' });
    expect(joinReasons(decision, [{ ...reason, shadow: true }], false)).toMatchObject({
      decision: 'block',
      effective: 'warn',
    });
  });
});
