import { describe, expect, it } from 'vitest';
import { PatternError, parsePattern } from '../../../agent/src/guard/engine/pattern.ts';

const undecided = (source: string, text: string): boolean =>
  new RegExp(parsePattern(source).undecidedSource, 'y').test(text);

describe('parsePattern', () => {
  it.each([
    ['a*', 'unbounded'],
    ['a+', 'unbounded'],
    ['a{3,}', 'unbounded'],
    ['(?:a|b)+', 'unbounded'],
    ['a.b', 'unsupported'],
    ['a$', 'unsupported'],
    ['\\bword', 'unsupported'],
    ['(a)\\1', 'unsupported'],
    ['(a', 'malformed'],
    ['a)', 'malformed'],
    ['[a', 'malformed'],
  ])('refuses %s: %s', (source, code) => {
    expect(() => parsePattern(source)).toThrow(expect.objectContaining({ name: 'PatternError', code }));
    expect(() => parsePattern(source)).toThrow(PatternError);
  });

  it.each([
    ['abc', 3],
    ['a{2,5}b?', 6],
    ['(?:ab|cde){1,2}', 6],
    ['(?<=x)a(?!b)', 1],
    ['[\\]a-z]{3}', 3],
  ])('%s consumes at most %i characters', (source, length) => {
    expect(parsePattern(source).maxLength).toBe(length);
  });

  it.each([
    ['(?i:pass(?:w(?:or)?d|wort|wrd|phrase)|paswd)', 'PASWD', 'paswd', 'PassWord'],
    ['(?i:[a-f]{2})x', 'aFx', 'BBx'],
    ['(?i:[^a]b)', 'xB', '\u4e00b'],
    ['a(?i:b(?:c|d))e', 'aBDe', 'abce'],
    ['(?i:\\wz)', '_Z', 'Az'],
  ])('%s matches in either case', (source, ...texts) => {
    const expression = new RegExp(`^(?:${parsePattern(source).source})$`);
    for (const text of texts) expect(expression.test(text), text).toBe(true);
  });

  it('keeps case where it is asked to', () => {
    const expression = new RegExp(`^(?:${parsePattern('a(?i:b[^c])D').source})$`);
    expect(['abxD', 'aBxD'].map((text) => expression.test(text))).toEqual([true, true]);
    expect(['AbxD', 'abxd', 'abcD', 'abCD'].filter((text) => expression.test(text))).toEqual([]);
    expect(() => parsePattern('(?i:a(?=b))')).toThrow(PatternError);
  });

  it('knows where the captured part can start', () => {
    expect(parsePattern('key ?= ?([a-z]{4})').minLengthBeforeCapture).toBe(4);
    expect(parsePattern('(?:ab|c)x{2,3}(y)').minLengthBeforeCapture).toBe(3);
  });
});

describe('undecided: could more text change the outcome?', () => {
  it.each([
    ['ab[0-9]{3}', '', true],
    ['ab[0-9]{3}', 'a', true],
    ['ab[0-9]{3}', 'ab1', true],
    ['ab[0-9]{3}', 'ab12', true],
    ['ab[0-9]{3}', 'ab123', false],
    ['ab[0-9]{3}', 'abx', false],
    ['ab[0-9]{3}', 'ax', false],
    ['[0-9]{2,4}', '12', true],
    ['[0-9]{2,4}', '1234', false],
    ['[0-9]{2,4}', '12x', false],
    ['[0-9]{3}(?![0-9])', '123', true],
    ['[0-9]{3}(?![0-9])', '123 ', false],
    ['[0-9]{3}(?![0-9])', '1234', false],
    ['(?:foo|foobar)!', 'foob', true],
    ['(?:foo|foobar)!', 'foox', false],
    ['a(?:bc)?d', 'ab', true],
    ['a(?:bc)?d', 'ad', false],
    ['(?i:key)=([a-z]{2})', 'KE', true],
    ['(?i:key)=([a-z]{2})', 'KEY=a', true],
    ['(?i:key)=([a-z]{2})', 'KEY=A', false],
    ['x{0,2}?y', 'x', true],
  ])('/%s/ at "%s": %s', (source, text, expected) => {
    expect(undecided(source, text)).toBe(expected);
  });

  it('tells a value that has begun from one that may still come', () => {
    const { beginsCaptureSource } = parsePattern('key ?[=:] ?([a-z]{4,8})(?![a-z])');
    const begins = (text: string) => new RegExp(beginsCaptureSource as string, 'y').test(text);
    expect(['key', 'key =', 'key = ', 'key = a', 'key = abcdefgh', 'key = abcd '].map(begins)).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
    ]);
  });
});
