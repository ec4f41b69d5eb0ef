import { expect, test } from 'vitest';
import { TroubleWatch } from '../../agent/src/main/trouble-watch.ts';

const SECOND = 1000;
const MINUTE = 60_000;

test('many failures right after a change are its fault; told once', () => {
  const watch = new TroubleWatch();
  watch.changed(0);
  const told = Array.from({ length: 8 }, (_, index) => watch.happened(index * SECOND));
  expect(told.map((why) => why !== undefined)).toEqual([
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(told[4]).toContain('5 failures within a minute of the change, 0.0 a minute before it');
});

test('what failed as often before is nobody’s fault', () => {
  const watch = new TroubleWatch();
  for (let time = 0; time < 60 * MINUTE; time += 5 * SECOND) watch.happened(time);
  watch.changed(60 * MINUTE);
  for (let time = 60 * MINUTE; time < 62 * MINUTE; time += 5 * SECOND)
    expect(watch.happened(time)).toBeUndefined();
  const burst = Array.from({ length: 60 }, (_, index) => watch.happened(62 * MINUTE + index * 100));
  expect(burst.some((why) => why !== undefined)).toBe(true);
});

test('a few, or late ones, are chance', () => {
  const watch = new TroubleWatch();
  watch.changed(0);
  for (let minute = 0; minute < 14; minute += 1) expect(watch.happened(minute * MINUTE)).toBeUndefined();
  for (let index = 0; index < 20; index += 1) expect(watch.happened(16 * MINUTE + index)).toBeUndefined();
});
