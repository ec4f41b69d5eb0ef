import { expect, it } from 'vitest';
import { escapeAt, PLAIN_ESCAPE, withoutEscapes } from '../../agent/src/core/escapes.ts';

it('an escape is plain where the expression says so, for every character', () => {
  const wrong: string[] = [];
  const check = (text: string, code: number) => {
    const found = escapeAt(text, 0);
    const right =
      found?.code === code && found.end === text.length && found.isPlain === PLAIN_ESCAPE.test(text);
    if (!right) wrong.push(text);
  };
  for (let code = 0; code < 0x1_0000; code++) {
    check(`\\u${code.toString(16).padStart(4, '0')}`, code);
    if (code < 0x100) check(`\\\\x${code.toString(16).padStart(2, '0').toUpperCase()}`, code);
  }
  check('\\/', 0x2f);
  check('\\"', 0x22);
  expect(wrong).toEqual([]);
});

it.each([
  ['\\"a\\n\\tb\\/c', '"a\n\tb/c'],
  ['\\u00zz \\x4 \\U0041', 'u00zz x4 A'],
  ['a\\\\\\', 'a'],
  ['no escapes', 'no escapes'],
])('undoes %s', (text, undone) => expect(withoutEscapes(text)).toBe(undone));
