import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRedaction, editsWithin, type Redaction } from '../../agent/src/enforce/redaction.ts';

const redaction = (rank: number, start: number, end: number): Redaction => ({
  start,
  end,
  rank,
  placeholder: `<${rank}>`,
});

describe('addRedaction', () => {
  it.each([
    ['apart', [redaction(0, 0, 3), redaction(1, 5, 8)], ['0-3 <0>', '5-8 <1>']],
    ['touching', [redaction(0, 0, 3), redaction(1, 3, 8)], ['0-3 <0>', '3-8 <1>']],
    ['overlapping: named after the first', [redaction(1, 2, 8), redaction(0, 0, 3)], ['0-8 <0>']],
    ['bridged', [redaction(0, 0, 3), redaction(2, 6, 9), redaction(1, 2, 7)], ['0-9 <0>']],
    ['starting together: the lowest rank', [redaction(5, 0, 9), redaction(2, 0, 3)], ['0-9 <2>']],
    ['the same twice', [redaction(0, 0, 3), redaction(0, 0, 3)], ['0-3 <0>']],
  ])('%s', (_, added, expected) => {
    for (const order of [added, added.toReversed()]) {
      const all: Redaction[] = [];
      for (const one of order) addRedaction(all, one);
      expect(all.map(({ start, end, placeholder }) => `${start}-${end} ${placeholder}`)).toEqual(expected);
    }
  });
});

it('pieces of a text are edited to the same whole, wherever it is cut', () => {
  const range = fc
    .tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
    .map(([start, length]) => ({ start, end: start + length }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(fc.nat(80), { maxLength: 8 }), (ranges, cuts) => {
      const text = Array.from({ length: 80 }, (_, i) => String.fromCharCode(48 + (i % 70))).join('');
      const redactions: Redaction[] = [];
      for (const [rank, one] of ranges.entries()) {
        addRedaction(redactions, { ...one, rank, placeholder: `<${rank}>` });
      }
      const apply = (start: number, end: number) => {
        let piece = text.slice(start, end);
        for (const edit of editsWithin(redactions, '', start, end).toReversed()) {
          piece = piece.slice(0, edit.start) + edit.replacement + piece.slice(edit.end);
        }
        return piece;
      };
      const bounds = [0, ...cuts.sort((a, b) => a - b), 80];
      const pieces = bounds.slice(1).map((end, i) => apply(bounds[i] as number, end));
      expect(pieces.join('')).toBe(apply(0, 80));
      for (const { start, end } of ranges) {
        expect(redactions.some((one) => one.start <= start && end <= one.end)).toBe(true);
      }
    }),
  );
});
