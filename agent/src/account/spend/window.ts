/** Windows of budgets: where one begins and ends, rolling or along a calendar. */
import type { WindowLength } from '../../../../policies/schema/budgets.ts';
import { windowMs } from '../../../../policies/schema/budgets.ts';
import type { WindowSlot } from '../../core/spend.ts';
import { instantOf, localTime, offsetMs } from './calendar.ts';

/** A rolling window forgets in steps of this share: never too early, and at most one step late. */
export const ROLLING_SLOTS = 60;

/** A calendar window where a time zone is given, else a rolling one. Remembers its last answer. */
export function compileWindow(
  length: WindowLength,
  timeZone: string | undefined,
): (atMs: number) => WindowSlot {
  const compute =
    timeZone === undefined
      ? (atMs: number) => rollingSlot(windowMs(length), atMs)
      : (atMs: number) => calendarSlot(length, timeZone, atMs);
  let last: WindowSlot | undefined;
  return (atMs) => {
    if (last === undefined || atMs < last.startMs || atMs >= last.untilMs) last = compute(atMs);
    return last;
  };
}

function rollingSlot(rollingMs: number, atMs: number): WindowSlot {
  const slotMs = rollingMs / ROLLING_SLOTS;
  const startMs = Math.floor(atMs / slotMs) * slotMs;
  return {
    startMs,
    windowStartMs: startMs - rollingMs,
    untilMs: startMs + slotMs,
    resetsAtMs: undefined,
    rollingMs,
  };
}

function calendarSlot(length: WindowLength, timeZone: string, atMs: number): WindowSlot {
  const [startMs, endMs] = calendarBounds(length, timeZone, atMs);
  return { startMs, windowStartMs: startMs, untilMs: endMs, resetsAtMs: endMs, rollingMs: undefined };
}

function calendarBounds(
  { count, unit }: WindowLength,
  timeZone: string,
  atMs: number,
): readonly [number, number] {
  const { year, month, day, hour } = localTime(timeZone, atMs);
  const at = (y: number, mo: number, d: number, h = 0): number => instantOf(timeZone, y, mo, d, h);
  switch (unit) {
    case 'm':
      return stepBounds(timeZone, count * 60_000, atMs);
    case 'h': {
      // An hour that the clock goes through twice is two windows; longer ones follow the wall clock.
      if (count === 1) return stepBounds(timeZone, 3_600_000, atMs);
      const from = Math.floor(hour / count) * count;
      return [at(year, month, day, from), at(year, month, day, from + count)];
    }
    case 'd':
    case 'w': {
      if (unit === 'd' && count === 1) return [at(year, month, day), at(year, month, day + 1)];
      const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
      return [at(year, month, day - weekday), at(year, month, day - weekday + 7)];
    }
    case 'mo': {
      const from = Math.floor((month - 1) / count) * count + 1;
      return [at(year, from, 1), at(year, from + count, 1)];
    }
    default:
      return [at(year, 1, 1), at(year + 1, 1, 1)];
  }
}

/** Steps of up to an hour: equal lengths of time, aligned with the minutes of the zone's own clock. */
function stepBounds(timeZone: string, stepMs: number, atMs: number): readonly [number, number] {
  const offset = offsetMs(timeZone, atMs);
  const startMs = Math.floor((atMs + offset) / stepMs) * stepMs - offset;
  return [startMs, startMs + stepMs];
}
