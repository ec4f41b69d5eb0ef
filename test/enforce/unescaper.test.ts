import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutEscapes as whole } from '../../agent/src/core/escapes.ts';
import { Unescaper } from '../../agent/src/enforce/unescaper.ts';
import { createRandom, cutAtRandom } from '../kit/random-text.ts';

const escapedTexts = fc
  .array(
    fc.constantFrom(
      '\\u0041',
      '\\u00',
      '\\',
      '\\\\u0042',
      '\\x43',
      '\\/',
      '\\n',
      'u',
      '00',
      'abc',
      '"',
      '\\ud83d',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('Unescaper', () => {
  it('undoes the same however the text was cut, and knows where each character came from', () => {
    fc.assert(
      fc.property(escapedTexts, fc.nat(), fc.nat({ max: 50 }), (text, seed, startsAt) => {
        const unescaper = new Unescaper(startsAt);
        const pieces = cutAtRandom(text, 3, createRandom(seed));
        const undone = pieces.map((piece) => unescaper.push(piece)).join('') + unescaper.end();
        expect(undone).toBe(whole(text));
        expect(unescaper.length).toBe(undone.length);
        let end = startsAt;
        for (let index = 0; index < undone.length; index++) {
          expect(unescaper.startOf(index)).toBe(end);
          end = unescaper.endOf(index + 1);
          expect(whole(text.slice(unescaper.startOf(index) - startsAt, end - startsAt))).toBe(undone[index]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('crosses a long run of backslashes in pieces once', () => {
    const unescaper = new Unescaper(0);
    for (let i = 0; i < 200_000; i++) expect(unescaper.push('\\')).toBe('');
    expect(unescaper.push('u0041')).toBe('A');
    expect([unescaper.startOf(0), unescaper.endOf(1)]).toEqual([0, 200_005]);
  });

  it('forgets what lies behind', () => {
    const unescaper = new Unescaper(0);
    unescaper.push('\\u0041'.repeat(10_000));
    unescaper.forget(9_000);
    expect([unescaper.startOf(9_000), unescaper.endOf(9_500)]).toEqual([54_000, 57_000]);
  });
});
