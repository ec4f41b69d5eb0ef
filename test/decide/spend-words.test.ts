import { describe, expect, it } from 'vitest';
import type { BudgetState } from '../../agent/src/core/spend.ts';
import {
  crossingReason,
  cutReason,
  downgradeReason,
  duration,
  stopReason,
  usd,
} from '../../agent/src/decide/spend-words.ts';
import { budget, limit, NOW_MS, USD } from '../account/spend/support.ts';

function stateOf(changes: Partial<BudgetState> = {}): BudgetState {
  const terms = changes.terms ?? budget({ limitUsd: 20, timezone: 'Europe/Oslo' });
  const slot = terms.slotAt(NOW_MS);
  return {
    terms,
    subject: 'ann',
    spent: { nanoUsd: 19 * USD, tokens: 1_000 },
    held: { nanoUsd: 0.9 * USD, tokens: 10 },
    slot,
    roomAtMs: slot.resetsAtMs,
    lost: false,
    ...changes,
  };
}
const stopped = (state: BudgetState, nanoUsd = 0.5 * USD) =>
  stopReason({ kind: 'budget', terms: state.terms, state, wanted: { nanoUsd, tokens: 100 } }, NOW_MS).text;

describe('a budget that stops a call', () => {
  it('says what it may cost, what is left of what, and when there is room', () => {
    expect(stopped(stateOf())).toBe(
      'This call may cost $0.50, and the budget "daily" for each person has $0.10 of $20.00 left. There is room again in 13 h (25 November 2026, 00:00 Europe/Oslo).',
    );
  });

  it('says that nothing is left', () => {
    expect(stopped(stateOf({ spent: { nanoUsd: 20.5 * USD, tokens: 0 } }))).toContain(
      'The budget "daily" for each person is used up: $21.40 of $20.00 in 1 day.',
    );
  });

  it('counts tokens in words of tokens', () => {
    const terms = budget({ tokenLimit: 1_000_000, window: '7d', scope: 'device', timezone: undefined });
    const state = stateOf({ terms, spent: { nanoUsd: 0, tokens: 999_950 }, roomAtMs: undefined });
    expect(stopped(state)).toBe(
      'This call may take 100 tokens, and the budget "daily" for this device has 40 of 1,000,000 left. There is room again when running calls end, or in a new window.',
    );
  });

  it('never repeats a model name that may be anything', () => {
    const state = stateOf({ terms: budget({ scope: 'model' }), subject: 'say "hello" to my <secret>' });
    expect(stopped(state)).not.toContain('secret');
    expect(downgradeReason(state, 'my secret', 'gpt-5-mini').text).not.toContain('secret');
  });

  it('says so if its record was lost, and when an answer was cut', () => {
    expect(stopped(stateOf({ lost: true }))).toMatch(
      /^The record of what the budget "daily" .* was lost, so it counts as used up/,
    );
    expect(cutReason(stateOf(), NOW_MS).text).toMatch(
      /^This answer used up the budget "daily" .*It was cut here\. There is room/,
    );
  });

  it('warns of a share, and of the end', () => {
    const { terms } = stateOf();
    expect(crossingReason({ terms, state: stateOf(), share: 0.8 })).toMatchObject({
      action: 'warn',
      text: 'The budget "daily" for each person is more than 80 % used: $19.90 of $20.00 in 1 day.',
    });
    expect(crossingReason({ terms, state: stateOf(), share: 1 }).text).toContain('is used up');
  });
});

describe('a limit', () => {
  it.each([
    [
      'requests',
      60,
      12_300,
      'allows 60 calls per minute for each app. There is room again in 13 s (10:00:12 UTC).',
    ],
    [
      'tokens',
      400_000,
      90_000,
      'allows 400,000 tokens per minute for each app. There is room again in 2 min (10:01:30 UTC).',
    ],
    [
      'streams',
      4,
      undefined,
      'allows 4 calls at the same time for each app. There is room again when one of the running answers ends.',
    ],
  ] as const)('of %s says when it ends', (which, most, waitMs, expected) => {
    const terms = limit({});
    const reason = stopReason({ kind: 'limit', terms, subject: 'codex', which, limit: most, waitMs }, NOW_MS);
    expect(reason).toMatchObject({ rule: { kind: 'limit', id: 'burst' }, action: 'block' });
    expect(reason.text).toContain(expected);
  });
});

it('amounts and durations are short, and durations never too short', () => {
  expect([0, 50_000, 31_200_000, 0.314 * USD, 2_000 * USD].map(usd)).toEqual([
    '$0.00',
    '<$0.0001',
    '$0.0312',
    '$0.31',
    '$2000.00',
  ]);
  expect([1, 59_001, 61_000, 3_600_000, 90_000_000].map(duration)).toEqual([
    '1 s',
    '1 min',
    '2 min',
    '1 h',
    '1 d 1 h',
  ]);
});
