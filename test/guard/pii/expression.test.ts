import { expect, it } from 'vitest';
import { Expression } from '../../../agent/src/guard/pii/expression.ts';

const expression = new Expression('(?i:march|mar)[.]? \\d{2}');

it('waits exactly as long as more text could change what it says', () => {
  const read = (text: string) => {
    const found = expression.read(text, 1, false);
    return Array.isArray(found) ? found[0] : found;
  };
  expect(['x', 'xMa', 'xMARCH', 'xmar.', 'xmar 1'].map(read)).toEqual(Array(5).fill('more'));
  expect(read('xmar 12')).toBe('mar 12');
  expect(read('xmax')).toBeUndefined();
  expect(read('xmar 1x')).toBeUndefined();
});

it('decides at the end', () => {
  expect(expression.read('march', 0, true)).toBeUndefined();
  expect(expression.read('MARCH 12', 0, true)?.[0]).toBe('MARCH 12');
});
