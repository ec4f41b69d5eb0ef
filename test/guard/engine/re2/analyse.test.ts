import { describe, expect, it } from 'vitest';
import {
  backtracks,
  dropLeadingRun,
  literalPrefixes,
  longest,
} from '../../../../agent/src/guard/engine/re2/analyse.ts';
import { parseRe2 } from '../../../../agent/src/guard/engine/re2/parse.ts';
import { writeRe2 } from '../../../../agent/src/guard/engine/re2/write.ts';

describe('what every match begins with', () => {
  it.each([
    ['abc[0-9]', ['abc']],
    ['\\b(ghx_[0-9a-z]{36})\\b', ['ghx_']],
    ['(?i)(?:foo|ba[rz])x', ['foo', 'ba']],
    ['(?:[Aa]cme|ACME)-', ['acme-']],
    ['k{3}y', ['k']],
    ['(?:ab){1}c', ['abc']],
    ['ab?c', ['a']],
    ['ab(?:c|d)?', ['ab']],
  ])('%s', (source, prefixes) => {
    expect(literalPrefixes(parseRe2(source))).toEqual(prefixes);
  });

  it.each(['[a-z]key', '(?:foo)?bar', '.*', 'foo|', '(?:a|[xyz])b', '\\b'])('nothing fixed: %s', (source) => {
    expect(literalPrefixes(parseRe2(source))).toBeUndefined();
  });
});

describe('a run before the beginning', () => {
  it.each([
    ['[\\w.-]{0,50}?key', 'key'],
    ['(?i)[\\w.-]{0,50}?(?:key)', '(?i:key)'],
    ['[\\w.-]{0,50}?(?:[\\w.-]{0,50}?key)x', 'keyx'],
    ['[ab]*?key|id', 'key|id'],
  ])('%s', (source, without) => {
    const { rest, dropped } = dropLeadingRun(parseRe2(source));
    expect(dropped).toBeDefined();
    expect(writeRe2(rest).replaceAll('(?:', '').replaceAll(')', '')).toBe(
      writeRe2(parseRe2(without)).replaceAll('(?:', '').replaceAll(')', ''),
    );
  });

  it.each(['[ab]{0,5}key', '[ab]{1,5}?key', '([ab]{0,5}?key)'])('stays where it counts: %s', (source) => {
    const { rest, dropped } = dropLeadingRun(parseRe2(source));
    expect([dropped, rest]).toEqual([undefined, parseRe2(source)]);
  });
});

describe('size', () => {
  it.each([
    ['a[bc]{2,5}', 6],
    ['(?:a|bcd)?', 3],
    ['a+', Number.POSITIVE_INFINITY],
    ['\\b^$', 0],
  ])('%s', (source, length) => {
    expect(longest(parseRe2(source))).toBe(length);
  });

  it("of backtracking is small where what follows can't be part of a run, and grows where it can", () => {
    expect(backtracks(parseRe2('key[ \\t]{0,20}=[a-z]{32}'))).toBe(1);
    expect(backtracks(parseRe2('key[\\w.-]{0,20}[a-z]{32}'))).toBe(21);
    expect(backtracks(parseRe2('(?:a{1,50}){1,50}b'))).toBeGreaterThan(1e6);
    expect(backtracks(parseRe2('x(?:a|a|aa){1,30}b'))).toBeGreaterThan(1e6);
    expect(backtracks(parseRe2('(?:a+)+b'))).toBe(Number.POSITIVE_INFINITY);
  });
});
