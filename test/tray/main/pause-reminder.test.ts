import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PauseReminder } from '../../../tray-ui/src/main/pause-reminder.ts';
import { healthyStatus } from '../../kit/agent-status.ts';

const MINUTE_MS = 60_000;
const reminded: number[] = [];
let reminder: PauseReminder;

beforeEach(() => {
  vi.useFakeTimers();
  reminded.length = 0;
  reminder = new PauseReminder((minutes) => reminded.push(minutes), Date.now);
});
afterEach(() => {
  reminder.close();
  vi.useRealTimers();
});

const pausedFor = (minutes: number) =>
  healthyStatus({ state: 'paused', pause: { untilMs: Date.now() + minutes * MINUTE_MS, reason: 'demo' } });

it('reminds once, when a pause has become a long one', () => {
  const status = pausedFor(120);
  reminder.statusChanged(status);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(10 * MINUTE_MS);
  // Other things of the state change meanwhile.
  reminder.statusChanged({ ...status });
  vi.advanceTimersByTime(19 * MINUTE_MS);
  expect(reminded).toEqual([]);
  vi.advanceTimersByTime(1 * MINUTE_MS);
  expect(reminded).toEqual([30]);
  reminder.statusChanged({ ...status });
  vi.advanceTimersByTime(90 * MINUTE_MS);
  expect(reminded).toEqual([30]);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not for one that ends by itself before', () => {
  reminder.statusChanged(pausedFor(30));
  expect(vi.getTimerCount()).toBe(0);
});

it('counts from the beginning when a short pause is made longer', () => {
  reminder.statusChanged(pausedFor(15));
  vi.advanceTimersByTime(14 * MINUTE_MS);
  reminder.statusChanged(pausedFor(60));
  vi.advanceTimersByTime(16 * MINUTE_MS);
  expect(reminded).toEqual([30]);
});

it.each([['resumed', healthyStatus()] as const, ['gone', undefined] as const])(
  'forgets a pause when the agent is %s, and sets no timer',
  (_how, next) => {
    reminder.statusChanged(pausedFor(120));
    reminder.statusChanged(next);
    expect(vi.getTimerCount()).toBe(0);
    reminder.statusChanged(pausedFor(120));
    vi.advanceTimersByTime(29 * MINUTE_MS);
    expect(reminded).toEqual([]);
  },
);
