import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../agent/src/decide/decide.ts';
import { refusalOf } from '../../agent/src/decide/refusal.ts';
import { openResponse } from '../../agent/src/decide/response.ts';
import { findingOf, policyOf, requestOf } from '../kit/decide.ts';

const answer = (finding: Parameters<typeof findingOf>[0] = {}) =>
  findingOf({ direction: 'response', role: 'assistant', ...finding });

describe('openResponse', () => {
  const compiled = policyOf(`guardrails:
  - { id: only-requests, detect: secrets, action: block }
  - { id: answers, detect: secrets, minConfidence: medium, on: [response], action: redact, message: Renew it. }
  - { id: calls, detect: secrets, on: [tool-call], action: block }
  - { id: seen, detect: secrets, on: [response], action: warn }
`);
  const request = requestOf(compiled);
  const before = decideRequest(compiled, request);

  it('judges each finding by the strictest rule for answers', () => {
    const judge = openResponse(compiled, request);
    expect(judge.judge(answer({ confidence: 'low' }), true)).toBe('warn');
    expect(judge.judge(answer(), true)).toBe('redact');
    expect(judge.judge(answer(), false), 'signed text').toBe('block');
    expect(judge.judge(answer({ partKind: 'tool-call', confidence: 'low' }), true)).toBe('block');
  });

  it("joins what it found to the request's decision", () => {
    const judge = openResponse(compiled, request);
    expect(judge.conclude(before)).toBe(before);
    judge.judge(answer(), true);
    judge.judge(answer(), true);
    const decision = judge.conclude(before);
    expect(decision).toMatchObject({ id: 'd-1', decision: 'redact', effective: 'redact', edits: [] });
    expect(decision.reasons.map(({ rule, text }) => `${rule.id}: ${text}`)).toEqual([
      'answers: The rule "answers" removed 2 AWS access keys in the answer.',
      'seen: The rule "seen" noticed 2 AWS access keys in the answer.',
    ]);
  });

  it('concluded twice (in a refusal, and at the end), each reason stands there once', () => {
    const judge = openResponse(compiled, request);
    judge.judge(answer(), false);
    const first = judge.conclude(before);
    judge.judge(answer(), false);
    const second = judge.conclude(first);
    expect(second.reasons.map(({ rule }) => rule.id)).toEqual(['answers', 'seen']);
    expect(second.reasons[0]?.text).toContain('2 AWS access keys');
    expect(judge.conclude(second)).toEqual(second);
  });

  it('tells the caller why an answer was cut', () => {
    const judge = openResponse(compiled, request);
    judge.judge(answer({ partKind: 'tool-call' }), true);
    expect(refusalOf(judge.conclude(before)).message).toContain(
      'The rule "calls" found an AWS access key in a tool call of the answer.',
    );
  });

  it('follows each rule when a detector fails', () => {
    const judge = openResponse(compiled, request);
    expect(judge.fail({ detector: 'secrets', why: 'threw RangeError' })).toBe('block');
    expect(judge.conclude(before).reasons.map(({ rule, action }) => [rule.kind, rule.id, action])).toEqual([
      ['failure', 'answers', 'block'],
      ['failure', 'calls', 'block'],
      ['failure', 'seen', 'warn'],
    ]);
  });

  it('only records in shadow mode', () => {
    const shadow = policyOf(
      'rollout: { shadow: true }\nguardrails:\n  - { id: a, detect: secrets, on: [response], action: block }\n',
    );
    const call = requestOf(shadow);
    const judge = openResponse(shadow, call);
    expect(judge.judge(answer(), true)).toBe('allow');
    expect(judge.conclude(decideRequest(shadow, call))).toMatchObject({
      decision: 'block',
      effective: 'allow',
    });
  });

  it('asks conditions about the finding at hand', () => {
    const some = policyOf(
      `guardrails:\n  - { id: a, detect: secrets, on: [response], action: block, when: 'findings.exists(f, f.kind == "jwt")' }\n`,
    );
    const judge = openResponse(some, requestOf(some, { findings: [findingOf({ kind: 'jwt' })] }));
    expect(judge.judge(answer(), true)).toBe('allow');
    expect(judge.judge(answer({ kind: 'jwt' }), true)).toBe('block');
  });
});
