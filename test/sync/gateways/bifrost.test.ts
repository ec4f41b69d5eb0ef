/** Bifrost's driver against what the real one said (test/kit/gateways/fixtures/bifrost). */
import { describe, expect, it } from 'vitest';
import type { GatewayRefusalKind } from '../../../agent/src/core/gateway.ts';
import { driverFor } from '../../../agent/src/sync/gateways/drivers.ts';
import { NO_SETTINGS } from '../../../agent/src/sync/gateways/settings.ts';
import { NOW_MS } from '../../kit/decide.ts';
import { type RecordedAnswer, readRecording, recordedAnswer } from '../../kit/gateways/recordings.ts';

const driver = driverFor('bifrost', NO_SETTINGS);
const reading = ({ status, headers, body }: RecordedAnswer) =>
  driver.readRefusal({ status, headers: Object.entries(headers).flat(), body });
const refused = (name: string): readonly RecordedAnswer[] =>
  readRecording('bifrost', name).answers.filter(({ status }) => status >= 400);
const DAY_MS = 86_400_000;

describe('what the real one refuses, in every API and in pass-through', () => {
  it.each<[string, GatewayRefusalKind | undefined]>([
    ['no-key', 'no-key'],
    ['unknown-key', 'unknown-key'],
    ['inactive-key', 'inactive-key'],
    ['model', 'model'],
    ['provider', 'provider'],
    ['budget', 'budget'],
    ['team-budget', 'budget'],
    ['rate', 'rate'],
    ['tokens', 'rate'],
    ['timeout', 'timeout'],
    // The provider's own words.
    ['provider-down', undefined],
    ['provider-rate', undefined],
    ['provider-auth', undefined],
  ])('%s: %s', (name, kind) => {
    expect(refused(name).length).toBeGreaterThan(5);
    for (const answer of refused(name))
      expect({ api: answer.api, kind: reading(answer)?.kind }).toEqual({ api: answer.api, kind });
  });

  it.each([
    ['rate', 60_000],
    ['tokens', DAY_MS],
  ])('%s: there is no header, and the words tell the window, which is the longest wait', (name, waitMs) => {
    for (const answer of refused(name)) {
      expect(answer.headers['retry-after']).toBeUndefined();
      expect(reading(answer)?.retryAfterMs, answer.api).toBe(waitMs);
    }
  });

  it('says text/plain of what it passes through, and of nothing else', () => {
    const answered = readRecording('bifrost', 'free').answers;
    for (const { api, headers, body } of answered.filter(({ body }) => body.startsWith('{')))
      expect({ api, type: headers['content-type'], json: JSON.parse(body) }).toMatchObject({
        type: api.endsWith('Through') ? 'text/plain; charset=utf-8' : 'application/json',
      });
  });
});

describe('what the real one tells of a key', () => {
  const quotaOf = (name: string) =>
    driver.quota?.read(JSON.parse(recordedAnswer('bifrost', 'quota', name).body), NOW_MS);
  const WRITTEN_MS = Date.UTC(2026, 10, 26);

  it('nothing, if it has no limits', () => {
    expect(quotaOf('free')).toEqual({ keyName: 'a-key', active: true, budgets: [], rates: [] });
  });

  it('budgets and limits; which models are its own is not told', () => {
    expect(quotaOf('limited')).toEqual({
      keyName: 'a-key',
      active: true,
      budgets: [
        { label: 'key 1w', limitUsd: 50, spentUsd: 0, window: '1w', resetsAtMs: WRITTEN_MS + 7 * DAY_MS },
        { label: 'key 1d', limitUsd: 20, spentUsd: 0, window: '1d', resetsAtMs: WRITTEN_MS + DAY_MS },
      ],
      rates: [
        {
          label: 'key',
          of: 'requests',
          limit: 60,
          window: '1m',
          used: 0,
          resetsAtMs: WRITTEN_MS + 60_000,
        },
        { label: 'key', of: 'tokens', limit: 4000, window: '1d', used: 0, resetsAtMs: WRITTEN_MS + DAY_MS },
      ],
    });
  });

  it('that it is switched off', () => {
    expect(quotaOf('inactive')).toMatchObject({ active: false });
  });

  it('that it knows no such key, in fewer words than elsewhere', () => {
    expect(reading(recordedAnswer('bifrost', 'quota', 'unknown'))?.kind).toBe('unknown-key');
    expect(reading(recordedAnswer('bifrost', 'quota', 'none'))?.kind).toMatch(/-key$/);
  });
});
