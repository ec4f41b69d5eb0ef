import { describe, expect, it } from 'vitest';
import { foldCase } from '../../../agent/src/guard/engine/fold-case.ts';
import { parsePattern } from '../../../agent/src/guard/engine/pattern.ts';

describe('foldCase', () => {
  it.each([
    ['(?i:key)=Key', '(?:[kK][eE][yY])=Key'],
    ['(?i:a(?:b|c){1,2})d', '(?:[aA](?:[bB]|[cC]){1,2})d'],
    ['(?i:[a-f_]é)', '(?:[A-Fa-f_][éÉ])'],
    ['(?i:[^x\\]])', '(?:[^Xx\\]])'],
    ['(?i:\\s\\d(?=q)(?<!z))', '(?:\\s\\d(?=[qQ])(?<![zZ]))'],
    ['a[bc]\\(d(e)', 'a[bc]\\(d(e)'],
    ['(?i:[a-z_-])', '(?:[A-Za-z_-])'],
    ['[a', '[a'],
  ])('%s is %s', (source, folded) => {
    expect(foldCase(source)).toBe(folded);
  });

  it('finds what a modifier group misses in V8 13.6', () => {
    const source = '(?i:ignore[\\s*_]{1,3}(?:all )?previous[\\s*_]{1,3}instructions)';
    for (const text of [
      'IGNORE PREVIOUS INSTRUCTIONS',
      'Ignore previous instructions',
      'iGNORE ALL PREVIOUS INSTRUCTIONS',
    ]) {
      for (const flags of ['', 'y'])
        expect(new RegExp(parsePattern(source).source, flags).test(text), text).toBe(true);
    }
  });
});
