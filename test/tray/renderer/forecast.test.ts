import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  figuresOf,
  forecast,
  shareUsed,
  tightestFirst,
  windowStart,
} from '../../../tray-ui/src/renderer/state/forecast.ts';
import { oneBudget } from '../../kit/one-budget.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 1);
const END_MS = Date.UTC(2026, 11, 1);

it.each([
  ['15m', END_MS - 15 * 60_000],
  ['8h', END_MS - 8 * 3_600_000],
  ['1d', END_MS - DAY_MS],
  ['1w', END_MS - 7 * DAY_MS],
  ['soon', undefined],
  ['mo', undefined],
])('a window of %s', (window, startMs) => {
  expect(windowStart(window, END_MS)).toBe(startMs);
});

it('counts months and years by the calendar', () => {
  const local = (year: number, month: number): number => new Date(year, month, 1).getTime();
  expect(windowStart('1mo', local(2026, 11))).toBe(local(2026, 10));
  expect(windowStart('3mo', local(2027, 0))).toBe(local(2026, 9));
  expect(windowStart('1y', local(2027, 0))).toBe(local(2026, 0));
});

describe('a forecast', () => {
  const budget = oneBudget({ window: '30d', resetsAtMs: END_MS });

  it('is a straight line to the end', () => {
    expect(forecast(budget, START_MS + 15 * DAY_MS)).toEqual({ atEnd: 100e9, emptyAtMs: undefined });
  });

  it('says when the budget will be used up', () => {
    const fast = { ...budget, spentNanoUsd: 100e9, remainingNanoUsd: 100e9 };
    expect(forecast(fast, START_MS + 10 * DAY_MS)).toEqual({
      atEnd: 300e9,
      emptyAtMs: START_MS + 20 * DAY_MS,
    });
  });

  it.each([
    ['a rolling window', { ...budget, resetsAtMs: undefined }, START_MS + 15 * DAY_MS],
    ['too early', budget, START_MS + DAY_MS],
    ['past its end', budget, END_MS + 1],
    ['used up', { ...budget, spentNanoUsd: 200e9, remainingNanoUsd: 0 }, START_MS + 15 * DAY_MS],
    ['lost', { ...budget, lost: true }, START_MS + 15 * DAY_MS],
    ['no limit', { ...budget, limitNanoUsd: undefined }, START_MS + 15 * DAY_MS],
  ])('says nothing: %s', (_, one, nowMs) => {
    const { resetsAtMs, limitNanoUsd, ...rest } = one;
    const given = {
      ...rest,
      ...(resetsAtMs !== undefined && { resetsAtMs }),
      ...(limitNanoUsd !== undefined && { limitNanoUsd }),
    };
    expect(forecast(given, nowMs)).toBeUndefined();
  });

  it('never expects less than was spent, and an end only within the window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 199 }),
        fc.double({ min: 0.06, max: 0.99, noNaN: true }),
        (spent, share) => {
          const nowMs = START_MS + share * 30 * DAY_MS;
          const said = forecast(
            { ...budget, spentNanoUsd: spent * 1e9, remainingNanoUsd: (200 - spent) * 1e9 },
            nowMs,
          );
          expect(said?.atEnd).toBeGreaterThanOrEqual(spent * 1e9);
          if (said?.emptyAtMs !== undefined) {
            expect(said.emptyAtMs).toBeGreaterThanOrEqual(nowMs);
            expect(said.emptyAtMs).toBeLessThanOrEqual(END_MS + 1);
          }
        },
      ),
    );
  });
});

it('takes the tighter of money and tokens', () => {
  const both = oneBudget({ limitTokens: 100, spentTokens: 90, remainingTokens: 10 });
  expect(figuresOf(both)).toEqual({ unit: 'tokens', spent: 90, limit: 100, left: 10 });
  expect(shareUsed({ unit: 'money', spent: 5, limit: 0, left: 0 })).toBe(1);
});

it('puts first what stops somebody soonest', () => {
  const ids = tightestFirst([
    oneBudget({ id: 'wide' }),
    oneBudget({ id: 'trial', spentNanoUsd: 300e9, shadow: true }),
    oneBudget({ id: 'tight', spentNanoUsd: 190e9 }),
    oneBudget({ id: 'lost', lost: true, spentNanoUsd: 0 }),
  ]).map(({ id }) => id);
  expect(ids).toEqual(['lost', 'tight', 'wide', 'trial']);
});
