/** When the start's garbage is collected: once, and only while nothing else happens. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { collectStartGarbage } from '../../agent/src/main/start-garbage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const work = { busyMs: 0, collections: 0 };
  const collecting = collectStartGarbage({
    busyMs: () => work.busyMs,
    collect() {
      work.collections += 1;
      work.busyMs += 150;
    },
  });
  const pass = (busyMs: number) => {
    work.busyMs += busyMs;
    vi.advanceTimersByTime(4_000);
    return work.collections;
  };
  return { collecting, pass };
}

it('waits for a quiet moment, and happens once', () => {
  const { pass } = open();
  expect([pass(900), pass(40), pass(3), pass(0), pass(5_000), pass(0)]).toEqual([0, 0, 1, 1, 1, 1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('gives up where there is no quiet moment', () => {
  const { pass } = open();
  for (let look = 0; look < 15; look++) expect(pass(500)).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves no timer behind', () => {
  const { collecting, pass } = open();
  collecting.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(pass(0)).toBe(0);
});
