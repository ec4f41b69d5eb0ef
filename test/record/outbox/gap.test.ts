import { expect, it } from 'vitest';
import { gapWords, missingRuns, type Run } from '../../../agent/src/record/outbox/gap.ts';

it.each<[number[], number, number, Run[]]>([
  [[1, 2, 3], 0, 3, []],
  [[], 5, 5, []],
  [[], 0, 3, [[1, 3]]],
  [
    [2, 5],
    0,
    6,
    [
      [1, 1],
      [3, 4],
      [6, 6],
    ],
  ],
  [[11], 10, 12, [[12, 12]]],
])('of %j after %i up to %i misses %j', (present, after, upTo, expected) => {
  expect(missingRuns(present, after, upTo)).toEqual(expected);
});

it('says how many and which, and does not grow without end', () => {
  expect(gapWords([[3, 3]])).toMatch(/^1 record \(number 3\) is missing/);
  const many = Array.from({ length: 1_000 }, (_, index): Run => [index * 3, index * 3 + 1]);
  expect(gapWords(many)).toMatch(/^2000 records \(numbers 0 to 1, 3 to 4, .* and others\) are missing/);
  expect(gapWords(many).length).toBeLessThan(250);
});
