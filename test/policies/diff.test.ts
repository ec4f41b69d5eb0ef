import { describe, expect, it } from 'vitest';
import { diffPolicies } from '../../policies/schema/diff.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../policies/schema/problem.ts';

function policy(rules: string) {
  const parsed = parsePolicy(`postern: 1\nname: acme\n${rules}`, 'acme.yaml');
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  return parsed.policy;
}
const diff = (from: string, to: string) =>
  diffPolicies(policy(from), policy(to)).map(({ effect, text }) => `${effect ?? 'other'}: ${text}`);

const keys = (more: string) => `guardrails: [{ id: keys, detect: secrets, ${more} }]\n`;

describe('what changes', () => {
  it('is nothing between two documents that mean the same', () => {
    expect(diff(keys('action: block'), `# a comment\n${keys('on: request, action: block')}`)).toEqual([]);
  });

  it.each([
    [
      keys('action: block'),
      keys('action: warn'),
      ['looser: guardrail keys: action block → warn', 'looser: guardrail keys: onFailure block → warn'],
    ],
    [
      keys('action: warn, minConfidence: high'),
      keys('action: warn, minConfidence: low'),
      ['tighter: guardrail keys: minConfidence high → low'],
    ],
    [
      keys('action: block'),
      keys('action: block, shadow: true'),
      ['looser: guardrail keys: shadow false → true'],
    ],
    ['', keys('action: block'), ['tighter: guardrail keys is new: detect secrets, action block, on request']],
    [keys('action: block'), '', ['looser: guardrail keys is gone: detect secrets, action block, on request']],
    ['', keys('action: warn'), ['other: guardrail keys is new: detect secrets, action warn, on request']],
    [
      'services: [{ match: openai, mode: direct }]\n',
      'services: [{ match: openai, mode: block }]\n',
      ['tighter: service rule openai: mode direct → block'],
    ],
    [
      'services: [{ match: openai, mode: direct }]\n',
      'services: [{ match: openai, mode: tunnel }]\n',
      ['looser: service rule openai: mode direct → tunnel'],
    ],
    [
      'budgets: [{ id: day, scope: user, window: 1d, limitUsd: 20, action: block }]\n',
      'budgets: [{ id: day, scope: user, window: 1d, limitUsd: 10, action: downgrade, model: x }]\n',
      [
        'tighter: budget day: limitUsd 20 → 10',
        'looser: budget day: action block → downgrade',
        'other: budget day: model unset → x',
      ],
    ],
    [
      'limits: [{ id: burst, scope: app, requestsPerMinute: 60 }]\n',
      '',
      ['looser: limit burst is gone: action block, requestsPerMinute 60'],
    ],
    ['apps: { default: allow }\n', 'apps: { default: deny }\n', ['tighter: apps: default allow → deny']],
    [
      'rollout: { canaryPercent: 10 }\n',
      'rollout: { canaryPercent: 50 }\n',
      ['tighter: rollout: canaryPercent 10 → 50'],
    ],
    [
      'privacy: { retentionDays: 30 }\n',
      'privacy: { retentionDays: 7 }\n',
      ['other: privacy: retentionDays 30 → 7'],
    ],
  ])('case %#', (from, to, changes) => {
    expect(diff(from, to)).toEqual(changes);
  });

  it('is told of order only where the first match wins', () => {
    const a = '{ match: "gpt-*", action: block }';
    const b = '{ match: "gpt-5", action: allow }';
    expect(diff(`models: [${a}, ${b}]\n`, `models: [${b}, ${a}]\n`)).toEqual([
      'other: model rules are asked in another order: gpt-5, then gpt-*',
    ]);
    const x = '{ id: x, detect: secrets, action: warn }';
    const y = '{ id: y, detect: secrets, action: block }';
    expect(diff(`guardrails: [${x}, ${y}]\n`, `guardrails: [${y}, ${x}]\n`)).toEqual([]);
  });

  it('keeps rules for the same thing apart by their place', () => {
    const rules = (second: string) =>
      `models: [{ match: "gpt-*", action: warn }, { match: "gpt-*", action: ${second} }]\n`;
    expect(diff(rules('allow'), rules('block'))).toEqual([
      'tighter: model rule gpt-* (2): action allow → block',
    ]);
  });
});
