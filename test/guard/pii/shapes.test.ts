import { describe, expect, it } from 'vitest';
import {
  buildShapeTrie,
  hasDigitEarly,
  mayBecomeShape,
  readShapes,
} from '../../../agent/src/guard/pii/shapes.ts';

const trie = buildShapeTrie([
  { rule: 'ssn', shapes: ['d3-d2-d4', 'd9'] },
  { rule: 'card', shapes: ['d4[ -]d4'] },
  { rule: 'nino', shapes: ['A2d6A1', 'A2 d2 d2 d2 A1'] },
  { rule: 'code', shapes: ['w16'] },
]);
const read = (text: string, isEnd = true) =>
  readShapes(trie, text, 0, isEnd)?.map(({ rule, end, characters }) => `${rule} ${end} ${characters}`);

describe('shapes', () => {
  it.each([
    ['123-45-6789.', ['ssn 11 123456789']],
    ['123456789', ['ssn 9 123456789']],
    ['1234 5678', ['card 9 12345678']],
    ['1234-5678', ['card 9 12345678']],
    ['1234.5678', []],
    ['1234\u00a05678', ['card 9 12345678']],
    ['AB123456C', ['nino 9 AB123456C']],
    ['ab 12 34 56 c', []],
    ['AB 12 34 56 C', ['nino 13 AB123456C']],
    ['A1B2C3D4E5F6G7H8', ['code 16 A1B2C3D4E5F6G7H8']],
    ['123-45-678', []],
    ['123_45', []],
    ['12345678901234567890123456789012345678901', []],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('waits only while a shape may go on', () => {
    expect(read('123', false)).toBeUndefined();
    expect(read('123-', false)).toBeUndefined();
    expect(read('123 x', false)).toEqual([]);
    expect(read('12 x', false)).toEqual([]);
    expect(read('1234 of', false)).toEqual([]);
    expect(read('1234 5678 9', false)).toBeUndefined();
    expect(read('1234 5678 901 ', false)).toHaveLength(1);
  });

  it('knows which words with a capital may still become one', () => {
    expect(['AB', 'AB1', 'ABCDEF', 'X12345'].every((word) => mayBecomeShape(word, 0))).toBe(true);
    expect(['Ab', 'ABCDEFG', 'AB_', 'A'.repeat(40)].some((word) => mayBecomeShape(word, 0))).toBe(false);
    expect([
      hasDigitEarly('ABCDEF1', 0, 7),
      hasDigitEarly('ABCDEFG1', 0, 8),
      hasDigitEarly('Ab1', 0, 3),
    ]).toEqual([true, false, false]);
  });
});
