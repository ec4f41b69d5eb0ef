import { describe, expect, it } from 'vitest';
import {
  ANY,
  type CodeUnits,
  complement,
  foldCase,
  intersects,
  one,
  soleCharacter,
  toRe2,
  toScript,
  union,
  WORD,
} from '../../../../agent/src/guard/engine/re2/code-units.ts';

const holds = (set: CodeUnits, text: string): boolean => {
  const unit = text.charCodeAt(0);
  return set.some(([low, high]) => low <= unit && unit <= high);
};

describe('code units', () => {
  it('joins ranges that touch or overlap', () => {
    expect(union([[[97, 99]], [[100, 105]], [[98, 98]], [[120, 121]]])).toEqual([
      [97, 105],
      [120, 121],
    ]);
  });

  it('holds after the complement exactly what was missing before', () => {
    const rest = complement(WORD);
    for (const text of 'aZ_09') expect([holds(WORD, text), holds(rest, text)]).toEqual([true, false]);
    for (const text of '-é \n') expect([holds(WORD, text), holds(rest, text)]).toEqual([false, true]);
    expect(complement(ANY)).toEqual([]);
    expect(complement([])).toEqual(ANY);
  });

  it('folds ASCII letters both ways and nothing else', () => {
    const folded = foldCase([
      [88, 98],
      [49, 49],
    ]);
    for (const text of 'XxYyZzAaBb1[`') expect(holds(folded, text), text).toBe(true);
    for (const text of 'CcWw2{@') expect(holds(folded, text), text).toBe(false);
  });

  it('tells a character that is alone, whatever its case', () => {
    expect(soleCharacter(one(65))).toBe('a');
    expect(soleCharacter(foldCase(one(107)))).toBe('k');
    expect(soleCharacter(one(45))).toBe('-');
    expect(soleCharacter([[97, 98]])).toBeUndefined();
    expect(soleCharacter(one(233))).toBeUndefined();
    expect(soleCharacter([])).toBeUndefined();
  });

  it('writes sets for either engine', () => {
    expect(toScript([[97, 99]])).toBe('[\\u0061-\\u0063]');
    expect(toRe2([[97, 97]])).toBe('[\\x{61}]');
    expect(toRe2(ANY)).toBe('[\\x{0}-\\x{10ffff}]');
    expect(intersects(WORD, one(95))).toBe(true);
    expect(intersects(WORD, one(45))).toBe(false);
  });
});
