/** LiteLLM's driver against what the real proxy said (test/kit/gateways/fixtures/litellm). */
import { describe, expect, it } from 'vitest';
import type { GatewayRefusalKind } from '../../../agent/src/core/gateway.ts';
import { driverFor } from '../../../agent/src/sync/gateways/drivers.ts';
import { NO_SETTINGS } from '../../../agent/src/sync/gateways/settings.ts';
import { NOW_MS } from '../../kit/decide.ts';
import { type RecordedAnswer, readRecording, recordedAnswer, saidBy } from '../../kit/gateways/recordings.ts';

const driver = driverFor('litellm', NO_SETTINGS);
const RESET = new Date(Date.now() + 42_000);

const reading = (answer: RecordedAnswer) => {
  const { status, headers, body } = saidBy(answer, RESET);
  return driver.readRefusal({ status, headers: Object.entries(headers).flat(), body });
};

describe('what the real proxy refuses, in every API', () => {
  it.each<[string, GatewayRefusalKind | undefined]>([
    ['no-key', 'no-key'],
    ['unknown-key', 'unknown-key'],
    ['inactive-key', 'inactive-key'],
    ['expired-key', 'inactive-key'],
    ['model', 'model'],
    ['budget', 'budget'],
    ['window-budget', 'budget'],
    // With its database: `provider` is a team that may not use the model.
    ['provider', 'model'],
    ['team-budget', 'budget'],
    ['user-budget', 'budget'],
    ['customer-budget', 'budget'],
    ['rate', 'rate'],
    ['tokens', 'rate'],
    ['guardrail', 'guardrail'],
    ['timeout', 'timeout'],
    // The gateway can't look the key up: that says nothing about the key.
    ['no-database', 'denied'],
    // The provider's own words, whatever LiteLLM wraps around them.
    ['provider-down', undefined],
    ['provider-rate', undefined],
    ['provider-auth', undefined],
  ])('%s: %s', (name, kind) => {
    const refused = readRecording('litellm', name).answers.filter(({ status }) => status >= 400);
    expect(refused.length).toBeGreaterThan(5);
    for (const answer of refused)
      expect({ api: answer.api, kind: reading(answer)?.kind }).toEqual({ api: answer.api, kind });
  });

  it('a limit says how long to wait, with a header and without; the hash of the key stays out', () => {
    for (const answer of readRecording('litellm', 'rate').answers.filter(({ status }) => status === 429)) {
      const refusal = reading(answer);
      const expected = answer.headers['retry-after'] === undefined ? 42_000 : 60_000;
      expect(Math.abs((refusal?.retryAfterMs ?? 0) - expected), answer.api).toBeLessThan(2_000);
      expect(refusal?.message).toMatch(/^Rate limit exceeded for this key\. Limit type: requests/);
    }
  });

  it('a guardrail is named', () => {
    const [answer] = readRecording('litellm', 'guardrail').answers;
    expect(answer && reading(answer)?.message).toBe(
      "Content blocked: keyword 'project falcon' detected (guardrail no-falcons)",
    );
  });
});

describe('what the real proxy tells of a key', () => {
  const answerOf = (name: string): RecordedAnswer => recordedAnswer('litellm', 'quota', name);
  const quotaOf = (name: string) => driver.quota?.read(JSON.parse(answerOf(name).body), NOW_MS);

  it('nothing, if it has no limits', () => {
    expect(quotaOf('free')).toEqual({ budgets: [], rates: [] });
  });

  it('budget, limits, models, end', () => {
    expect(quotaOf('limited')).toEqual({
      keyName: 'ada-laptop',
      expiresAtMs: Date.UTC(2027, 0, 1),
      budgets: [
        { label: 'key', limitUsd: 10, spentUsd: 2.5, window: '30d', resetsAtMs: Date.UTC(2026, 11, 1) },
      ],
      rates: [
        { label: 'key', of: 'requests', limit: 60, window: '1m' },
        { label: 'key', of: 'tokens', limit: 4000, window: '1m' },
        { label: 'key', of: 'tokens', limit: 90000, window: '1d' },
      ],
      allowedModels: ['gpt-4o-mini', 'claude-*'],
    });
  });

  it('several windows at once, each with what is spent in it', () => {
    expect(quotaOf('windows')?.budgets).toEqual([
      { label: 'key 1h', limitUsd: 5, spentUsd: 0, window: '1h' },
      { label: 'key 1d', limitUsd: 20, spentUsd: 0, window: '1d' },
    ]);
  });

  it('a budget that several keys share is the one they have', () => {
    expect(quotaOf('from-a-budget')).toEqual({
      budgets: [{ label: 'key', limitUsd: 7, spentUsd: 0, window: '7d' }],
      rates: [{ label: 'key', of: 'requests', limit: 30, window: '1m' }],
    });
  });

  it('its models', () => {
    expect(driver.models?.read(JSON.parse(answerOf('models').body), NOW_MS)).toEqual(['gpt-4o-mini']);
  });

  it('what only admins may ask is no word against the key', () => {
    expect(reading(answerOf('one-model'))?.kind).toBe('denied');
    expect(reading(answerOf('not-theirs'))?.kind).toBe('denied');
  });
});

describe("an app's own credential stands where the proxy takes it from", () => {
  const KEY = 'sk-ant-api03-own';
  it.each<[string, readonly string[], object | undefined]>([
    ['a key as the SDK writes it', ['Authorization', `Bearer ${KEY}`], { set: ['x-api-key', KEY] }],
    ["a subscription's token", ['authorization', 'Bearer sk-ant-oat01-own'], undefined],
    ['a key in its own header', ['X-Api-Key', KEY], undefined],
    ['both', ['authorization', `Bearer ${KEY}`, 'x-api-key', KEY], undefined],
    ['none', [], undefined],
  ])('%s', (_name, headers, moved) => {
    const expected = moved === undefined ? undefined : { remove: ['authorization'], ...moved };
    expect(driver.moveCredential?.(headers)).toEqual(expected);
  });
});
