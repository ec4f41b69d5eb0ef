import { expect, test } from 'vitest';
import { CLOCK_SKEW_MS, SteadyClock } from '../../../agent/src/sync/policy-source/clock.ts';

const T = Date.UTC(2026, 10, 1);
const YEARS = 2 * 365 * 86_400_000;
const HOUR = 3_600_000;

function clockAt(floorMs: number) {
  const times = { wall: T, monotonic: 0 };
  const clock = new SteadyClock({ wallMs: () => times.wall, monotonicMs: () => times.monotonic }, floorMs);
  return { clock, times };
}

test('goes with the wall clock, and on its own where that is set back', () => {
  const { clock, times } = clockAt(T);
  times.wall += HOUR;
  times.monotonic += HOUR;
  expect(clock.nowMs()).toBe(T + HOUR);
  times.wall -= YEARS;
  times.monotonic += HOUR;
  expect(clock.nowMs()).toBe(T + 2 * HOUR);
  expect(clock.isBehind()).toBe(true);
});

test('what is kept goes no further than is of use', () => {
  const { clock, times } = clockAt(T);
  times.wall += YEARS;
  expect(clock.keep(T + HOUR)).toBe(T + HOUR);
  times.wall = T - YEARS;
  expect(clock.nowMs()).toBe(T + HOUR);
  expect(clock.keep(T + HOUR)).toBe(T + HOUR);
});

test('a newer signature says what time it is at least, and takes back a clock that was too far ahead', () => {
  const { clock, times } = clockAt(T + YEARS);
  expect(clock.nowMs()).toBe(T + YEARS);
  clock.signed(T - HOUR);
  expect(clock.nowMs()).toBe(T);
  times.wall = T - YEARS;
  clock.signed(T + HOUR);
  expect(clock.nowMs()).toBe(T + HOUR);
  expect(clock.isBehind()).toBe(true);
  times.wall = T + HOUR - CLOCK_SKEW_MS / 2;
  expect(clock.isBehind()).toBe(false);
});
