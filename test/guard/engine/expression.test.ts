import { describe, expect, it } from 'vitest';
import { lineAround, NativeExpression, untilEndOfLine } from '../../../agent/src/guard/engine/expression.ts';

describe('a native expression', () => {
  it('takes the first group that holds something', () => {
    const expression = new NativeExpression('k(a{0,2})(b)');
    expect(expression.match('xkb', 1)).toEqual({ from: 1, to: 3, start: 2, end: 3 });
    expect(expression.match('xkab', 1)).toEqual({ from: 1, to: 4, start: 2, end: 3 });
    expect(expression.match('xkab', 0)).toBeUndefined();
  });

  it('may insist on its group', () => {
    expect(new NativeExpression('k(a)?', undefined, true).match('k', 0)).toBeUndefined();
    expect(new NativeExpression('k(a)?').match('k', 0)).toMatchObject({ start: 0, end: 1 });
  });
});

describe('the line of a match', () => {
  const found = { from: 5, to: 8, start: 5, end: 8 };

  it('ends at line breaks, or after 200 characters each way', () => {
    expect(lineAround('one\ntkey!two\nthree', found)).toBe('tkey!two');
    const long = `${'a'.repeat(300)}key${'b'.repeat(300)}`;
    expect(lineAround(long, { ...found, from: 300, to: 303 })).toBe(
      `${'a'.repeat(200)}key${'b'.repeat(200)}`,
    );
  });

  it('is waited for', () => {
    const expression = untilEndOfLine(new NativeExpression('key'));
    expect(expression.isUndecided('..ke', 2, 0)).toBe(true);
    expect(expression.isUndecided('..kex', 2, 0)).toBe(false);
    expect(expression.isUndecided('..key and', 2, 0)).toBe(true);
    expect(expression.isUndecided('..key and\n', 2, 0)).toBe(false);
    expect(expression.isUndecided(`..key${' '.repeat(200)}`, 2, 0)).toBe(false);
  });
});
