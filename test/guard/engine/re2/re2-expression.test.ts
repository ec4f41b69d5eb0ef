import { describe, expect, it } from 'vitest';
import { parseRe2 } from '../../../../agent/src/guard/engine/re2/parse.ts';
import {
  AnchoredRe2Expression,
  WindowRe2Expression,
} from '../../../../agent/src/guard/engine/re2/re2-expression.ts';

const FAR = Number.POSITIVE_INFINITY;

describe('an expression that begins with its keyword', () => {
  const expression = new AnchoredRe2Expression(parseRe2('\\bkey=((?:a+)+|b)!'), 0);

  it('is tried at its place only, and sees the character before it', () => {
    const text = 'x key=aaa! xkey=a!';
    expect(expression.match(text, 2, FAR)).toEqual({ from: 2, to: 10, start: 6, end: 9 });
    expect(expression.match(text, 0, FAR)).toBeUndefined();
    expect(expression.match(text, 12, FAR)).toBeUndefined();
    expect(expression.match('key=b!', 0, FAR)).toEqual({ from: 0, to: 6, start: 4, end: 5 });
  });

  it('is undecided until the text or its limit is there', () => {
    expect(expression.isUndecided('. key=aaa', 2, FAR)).toBe(true);
    expect(expression.isUndecided('. key=aaa?', 2, FAR)).toBe(false);
    expect(expression.isUndecided('. key=aaa', 2, 9)).toBe(false);
    expect(expression.match('. key=aaa!', 2, 9)).toBeUndefined();
  });

  it('takes the group that is asked for, or none', () => {
    const second = new AnchoredRe2Expression(parseRe2('k(a)(b)?'), 2);
    expect(second.match('kab', 0, FAR)).toMatchObject({ start: 2, end: 3 });
    expect(second.match('ka', 0, FAR)).toBeUndefined();
  });
});

describe('an expression without a fixed beginning', () => {
  const expression = new WindowRe2Expression('[a-z]{4}[0-9]{4}', 0);

  it('is searched around its keyword', () => {
    const text = 'zzzz1111 abcd1234 key';
    expect(expression.match(text, 13, FAR)).toMatchObject({ start: 9, end: 17 });
    expect(expression.match(text, 18, FAR)).toBeUndefined();
    expect(expression.match(`key ${'.'.repeat(50)} abcd1234`, 0, 40)).toBeUndefined();
  });

  it('waits for its whole window', () => {
    expect(expression.isUndecided('abcd1234', 0, 9)).toBe(true);
    expect(expression.isUndecided('abcd1234.', 0, 9)).toBe(false);
  });
});
