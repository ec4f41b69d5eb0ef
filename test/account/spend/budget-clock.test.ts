import { describe, expect, it } from 'vitest';
import { BudgetClock } from '../../../agent/src/account/spend/budget-clock.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 10, 24, 10);

/** A machine whose owner may set the clock. */
function machine() {
  let setMs = 0;
  let passedMs = 0;
  return {
    pass: (ms: number) => {
      passedMs += ms;
    },
    set: (ms: number) => {
      setMs += ms;
    },
    read: () => ({ wallMs: START_MS + passedMs + setMs, uptimeMs: 50_000 + passedMs }),
  };
}

describe('the clock of budgets', () => {
  it('follows the wall clock, through sleep and small corrections', () => {
    const its = machine();
    const clock = new BudgetClock(its.read());
    its.pass(8 * HOUR_MS);
    expect(clock.read(its.read())).toBe(START_MS + 8 * HOUR_MS);
    its.set(40_000);
    expect(clock.read(its.read())).toBe(START_MS + 8 * HOUR_MS + 40_000);
    its.set(-60_000);
    expect(clock.read(its.read())).toBe(START_MS + 8 * HOUR_MS + 40_000);
    expect(clock.doubtsWallClock).toBe(false);
  });

  it.each([2 * YEAR_MS, -2 * YEAR_MS, 24 * HOUR_MS])(
    'does not jump when the clock is set by %s ms',
    (byMs) => {
      const its = machine();
      const clock = new BudgetClock(its.read());
      its.set(byMs);
      expect(clock.read(its.read())).toBe(START_MS);
      expect(clock.doubtsWallClock).toBe(true);
      its.pass(30 * 60_000);
      expect(clock.read(its.read())).toBe(START_MS + 30 * 60_000);
      its.set(-byMs);
      its.pass(1_000);
      expect(clock.read(its.read())).toBe(START_MS + 30 * 60_000 + 1_000);
      expect(clock.doubtsWallClock).toBe(false);
    },
  );

  it('believes a clock that has held for an hour, forward and back', () => {
    const its = machine();
    const clock = new BudgetClock(its.read());
    its.set(2 * YEAR_MS);
    clock.read(its.read());
    its.pass(HOUR_MS);
    expect(clock.read(its.read())).toBe(START_MS + 2 * YEAR_MS + HOUR_MS);
    its.set(-2 * YEAR_MS);
    expect(clock.read(its.read())).toBe(START_MS + 2 * YEAR_MS + HOUR_MS);
    its.pass(HOUR_MS);
    expect(clock.read(its.read())).toBe(START_MS + 2 * HOUR_MS);
  });

  it('does not believe a clock that is set again and again', () => {
    const its = machine();
    const clock = new BudgetClock(its.read());
    for (let day = 0; day < 30; day += 1) {
      its.set(24 * HOUR_MS);
      its.pass(60_000);
      clock.read(its.read());
    }
    expect(clock.read(its.read())).toBe(START_MS + 30 * 60_000);
  });

  it('goes on from what an earlier run has seen, if the wall clock is behind that', () => {
    const its = machine();
    const clock = new BudgetClock(its.read(), START_MS + YEAR_MS);
    expect(clock.read(its.read())).toBe(START_MS + YEAR_MS);
    its.pass(HOUR_MS);
    expect(clock.read(its.read())).toBe(START_MS + HOUR_MS);
  });
});
