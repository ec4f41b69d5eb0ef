import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter, retryDelayMs } from '../../../agent/src/sync/telemetry/backoff.ts';

const LIMITS = { firstMs: 5_000, lastMs: 300_000 };

describe('the next attempt', () => {
  it('waits longer after each failure, by chance, within its limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const delay = retryDelayMs(failures, random, undefined, LIMITS);
          expect(delay).toBeGreaterThanOrEqual(2_500);
          expect(delay).toBeLessThanOrEqual(300_000);
          expect(retryDelayMs(failures + 1, random, undefined, LIMITS)).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });

  it('is never sooner than the collector asked for, but no mistyped header silences a device for days', () => {
    expect(retryDelayMs(1, 0.5, 120_000, LIMITS)).toBe(126_000);
    expect(retryDelayMs(1, 0, 1, LIMITS)).toBe(2_500);
    expect(retryDelayMs(1, 0, 10 ** 12, LIMITS)).toBe(3_600_000);
  });

  it.each([
    ['120', 120_000],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 1970 00:01:40 GMT', 90_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['1e9', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads Retry-After %j', (value, expected) => {
    expect(parseRetryAfter(value, 10_000)).toBe(expected);
  });
});
