import { describe, expect, it } from 'vitest';
import { describeExplanation, explain } from '../../agent/src/decide/explain.ts';
import { CLAUDE, callOf, findingOf, policyOf, requestOf } from '../kit/decide.ts';

const compiled = policyOf(`services:
  - { match: openai, mode: gateway }
  - { match: anthropic, mode: block, when: 'app == "codex"' }
models:
  - { match: "gpt-*", action: block }
guardrails:
  - { id: no-secrets, detect: secrets, action: block }
  - { id: answers, detect: secrets, on: [response], action: warn }
apps:
  rules:
    - { match: cline, state: denied }
`);

describe('explain', () => {
  it('accounts for every rule, matched or not, and why', () => {
    const explanation = explain(compiled, {
      type: 'request',
      request: requestOf(compiled, { findings: [findingOf()] }),
    });
    expect(explanation).toMatchObject({
      decision: 'block',
      effective: 'block',
      route: 'inspect',
      host: 'api.anthropic.com',
    });
    expect(
      explanation.rules.map(({ kind, id, outcome, text }) => `${kind} ${id} ${outcome}: ${text}`),
    ).toEqual([
      "service services[0] skipped: It isn't about Anthropic API.",
      'service services[1] not-matched: Its condition isn\'t met: app == "codex"',
      "default anthropic applied: Anthropic API has the catalogue's default mode, direct.",
      "app apps[0] skipped: It isn't about Claude Code.",
      'model models[0] not-matched: The model "claude-sonnet-4-5" doesn\'t match gpt-*.',
      'guardrail no-secrets applied: The rule "no-secrets" found an AWS access key in your message.',
      'guardrail answers skipped: It is about answers.',
    ]);
  });

  it('decides what a real call would have got', () => {
    const head = explain(compiled, { type: 'head', call: callOf(compiled) });
    expect(head).toMatchObject({ decision: 'allow', operation: 'generate' });
    expect(head.rules).not.toHaveLength(0);
    const unread = explain(compiled, { type: 'unread', call: callOf(compiled), why: 'oversized' });
    expect(unread).toMatchObject({
      decision: 'block',
      reasons: [{ rule: { id: 'failure.oversizedRequest' } }],
    });
    const denied = explain(compiled, {
      type: 'head',
      call: callOf(compiled, { app: { ...CLAUDE, id: 'cline', name: 'Cline' } }),
    });
    expect(denied).toMatchObject({ decision: 'block', reasons: [{ rule: { kind: 'app' } }] });
  });

  it('says of other hosts that they are left alone', () => {
    const other = explain(compiled, { type: 'unlisted', host: 'example.com', id: 'd', app: CLAUDE });
    expect(other).toMatchObject({
      decision: 'allow',
      effective: 'allow',
      route: 'tunnel',
      service: 'none',
      rules: [],
    });
    const cursor = explain(compiled, {
      type: 'head',
      call: callOf(compiled, { url: 'https://api2.cursor.sh/agent.v1.AgentService/Run' }),
    });
    expect(cursor).toMatchObject({ decision: 'allow', route: 'tunnel', mode: 'tunnel' });
    expect(cursor.reasons[0]?.text).toContain("isn't decrypted");
  });

  it('reads well on a terminal', () => {
    const explanation = explain(compiled, {
      type: 'request',
      request: requestOf(compiled, { findings: [findingOf()] }),
    });
    const lines = describeExplanation(explanation);
    expect(lines[0]).toBe('block');
    expect(lines).toContain('service    anthropic at api.anthropic.com');
    expect(lines).toContain('block   The rule "no-secrets" found an AWS access key in your message.');
    expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(7);
    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({
      decision: 'block',
      effective: 'block',
      reasons: [{}],
    });
  });
});
