import { expect, it } from 'vitest';
import type { Candidate } from '../../../agent/src/guard/engine/compile.ts';
import { settleOverlaps } from '../../../agent/src/guard/engine/overlaps.ts';

const candidate = (
  kind: string,
  start: number,
  end: number,
  specificity: number,
  more: Partial<Candidate> = {},
): Candidate => ({
  kind,
  label: kind,
  severity: 'high',
  confidence: 'high',
  start,
  end,
  specificity,
  ...more,
});

it.each([
  ['nothing', [], []],
  ['neighbours stay', [candidate('a', 0, 5, 1), candidate('b', 5, 9, 1)], ['a', 'b']],
  ['the more specific wins', [candidate('generic', 0, 20, 0), candidate('exact', 4, 18, 9)], ['exact']],
  [
    'then the surer',
    [candidate('low', 0, 9, 1, { confidence: 'low' }), candidate('high', 0, 9, 1)],
    ['high'],
  ],
  ['then the longer', [candidate('short', 0, 9, 1), candidate('long', 0, 12, 1)], ['long']],
  [
    "what the winner doesn't touch stays",
    [candidate('a', 0, 10, 5), candidate('b', 8, 30, 1), candidate('c', 25, 40, 5)],
    ['a', 'c'],
  ],
  ['the same twice is one', [candidate('a', 3, 9, 1), candidate('a', 3, 9, 1)], ['a']],
] as const)('%s', (_, candidates, kinds) => {
  expect(settleOverlaps([...candidates]).map((match) => match.kind)).toEqual(kinds);
  expect(settleOverlaps([...candidates].reverse()).map((match) => match.kind)).toEqual(kinds);
});
