import { describe, expect, it } from 'vitest';
import {
  classAt,
  DIGIT,
  isJoinedAfter,
  isJoinedBefore,
  nextStart,
  separatorAt,
  startsWord,
  UPPER,
  wordEnd,
} from '../../../agent/src/guard/pii/characters.ts';

describe('characters', () => {
  it('makes words of ASCII letters, digits and the underscore', () => {
    expect([classAt('A', 0), classAt('7', 0), classAt('é', 0), classAt('身', 0)]).toEqual([
      UPPER,
      DIGIT,
      0,
      0,
    ]);
    expect(wordEnd('ab_1-c', 0)).toBe(4);
    expect(nextStart('  , é x', 0)).toBe(6);
    expect(nextStart('--', 0)).toBe(2);
  });

  it('begins a word after an escaped line break, but not in a path', () => {
    expect([startsWord('x1', 1), startsWord(' 1', 1), startsWord('身1', 1)]).toEqual([false, true, true]);
    expect(startsWord('a\\n1', 3)).toBe(true);
    expect(startsWord('a\\\\n1', 4)).toBe(false);
  });

  it('takes typographic separators for plain ones', () => {
    expect(
      [...' \u00a0\u202f-\u2011\u2013./_,'].map((_, i) => separatorAt(' \u00a0\u202f-\u2011\u2013./_,', i)),
    ).toEqual([' ', ' ', ' ', '-', '-', '-', '.', '/', undefined, undefined]);
  });

  it.each([
    ['0.12', 2, true],
    ['a1b2-12', 5, true],
    ['/users/12', 7, true],
    ['$12', 1, true],
    ['No.12', 3, false],
    ['ID-12', 3, false],
    [': 12', 2, false],
    ['-12', 1, false],
  ])('what starts in %s at %i goes on from something: %s', (text, at, joined) => {
    expect(isJoinedBefore(text, at)).toBe(joined);
  });

  it.each([
    ['12.5', true],
    ['12-a', true],
    ['12@', true],
    ['12.', false],
    ['12, 3', false],
    ['12', false],
  ])('what ends after 12 in %s goes on: %s', (text, joined) => {
    expect(isJoinedAfter(text, 2)).toBe(joined);
  });
});
