import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Match } from '../../agent/src/core/finding.ts';
import {
  addRedaction,
  editsWithin,
  type Redaction,
  redactionEdits,
} from '../../agent/src/enforce/redaction.ts';

const match = (kind: string, start: number, end: number): Match => ({
  kind,
  label: kind,
  severity: 'high',
  confidence: 'high',
  start,
  end,
});

describe('redactionEdits', () => {
  it.each([
    ['apart', [match('a', 0, 3), match('b', 5, 8)], ['0-3 [REDACTED:a]', '5-8 [REDACTED:b]']],
    ['touching', [match('a', 0, 3), match('b', 3, 8)], ['0-3 [REDACTED:a]', '3-8 [REDACTED:b]']],
    ['overlapping', [match('b', 2, 8), match('a', 0, 3)], ['0-8 [REDACTED:a]']],
    ['bridged', [match('a', 0, 3), match('c', 6, 9), match('b', 2, 7)], ['0-9 [REDACTED:a]']],
    ['the same twice', [match('a', 0, 3), match('a', 0, 3)], ['0-3 [REDACTED:a]']],
  ])('%s', (_, matches, expected) => {
    const edits = redactionEdits('/messages/0/content', matches);
    expect(edits.map((edit) => `${edit.start}-${edit.end} ${edit.replacement}`)).toEqual(expected);
    expect(edits.every((edit) => edit.place === '/messages/0/content')).toBe(true);
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
