import { expect, it } from 'vitest';
import { readLine } from '../../../agent/src/guard/code/line.ts';

it.each([
  ['    return x + 1', 'code'],
  ['const total = items.length;', 'code'],
  ['if (a && b) {', 'code'],
  ['import os', 'code'],
  ['def f(x):', 'code'],
  ['for name in names:', 'code'],
  ['\terr := run(ctx, args...)', 'code'],
  ['SELECT id FROM users WHERE age > 18', 'code'],
  ['#include <stdio.h>', 'code'],
  ['   12→  const x = 1;', 'code'],
  ['12: const x = 1;', 'code'],
  ['+  const x = 1;', 'code'],
  ['});', 'closer'],
  ['}', 'closer'],
  ['// what this does', 'comment'],
  [' * @param name who', 'comment'],
  ['# heading or comment', 'note'],
  ['', 'blank'],
  [' \t', 'blank'],
  ['```python', 'fence'],
  ['The import of goods from China rose by 5 % in the last year.', 'prose'],
  ['If you have time (and I know you are busy), please call me for a while.', 'prose'],
  ['Return to sender, address unknown; no such number, no such zone.', 'prose'],
  ['- buy milk, eggs and some bread for the weekend', 'prose'],
  ['"name": "acme",', 'neutral'],
  ['Kind regards', 'neutral'],
  ['Yes', 'neutral'],
  ['2024-11-01 12:00:01 INFO started', 'neutral'],
  ['\0\u0001\ufffd();{}', 'neutral'],
])('%j is %s', (line, verdict) => {
  expect(readLine(line).verdict).toBe(verdict);
});

it('weighs what isn’t white space', () => {
  expect(readLine('  a = b ;').weight).toBe(4);
});
