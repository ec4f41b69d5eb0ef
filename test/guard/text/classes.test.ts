import { expect, it } from 'vitest';
import {
  classOfPoint,
  classTable,
  IGNORED,
  MARK,
  OTHER,
  SINGLE,
  SPACE,
  SURROGATE,
  WORD,
} from '../../../agent/src/guard/text/classes.ts';

it.each([
  ['a', WORD],
  ['7', WORD],
  ['é', WORD],
  ['\u{10400}', WORD],
  ['_', OTHER],
  ["'", OTHER],
  ['😀', OTHER],
  ['東', SINGLE],
  ['ー', SINGLE],
  ['삼', SINGLE],
  ['\u1109', SINGLE],
  ['\u1161', MARK],
  ['ก', SINGLE],
  ['\u0301', MARK],
  ['\u00a0', SPACE],
  ['\u3000', SPACE],
  ['\u00ad', IGNORED],
  ['\u200b', IGNORED],
  ['\u202e', IGNORED],
])('%j is of class %i', (character, expected) => {
  expect(classOfPoint(character.codePointAt(0) as number)).toBe(expected);
});

it('has a table for single units', () => {
  expect(classTable()[0x61]).toBe(WORD);
  expect(classTable()[0xd83d]).toBe(SURROGATE);
});
