import { describe, expect, it } from 'vitest';
import { spelledOut } from '../../agent/src/recognise/spelled-out.ts';

describe('plain characters written as escapes', () => {
  it.each([
    ['{"key":"a\\/b\\/c"}', '{"key":"a/b/c'],
    ['{"q":"user=x\\u0026key=abc"}', '{"q":"user=x&key=abc'],
    ['"\\\\u0041\\\\u0042"', '"AB'],
    ['const a = "\\x41\\x42";', 'const a = "AB'],
    ['pass\\n\\u0041', 'pass\nA'],
    ['{"client":"M\\u00fcller \\u6771\\u4eac"}', '{"client":"Müller 東京'],
  ])('%s', (text, spelled) => expect(spelledOut(text)).toBe(spelled));

  it.each([
    'plain words',
    'a line\\nand another',
    '"\\u2028\\u200b\\u001b[0m\\ud83d\\ude00"',
    'C:\\Users',
    '\\',
    '',
  ])('none in %s', (text) => expect(spelledOut(text)).toBeUndefined());

  it('begins with a whole word', () => {
    const hash = 'c0ffee'.repeat(40);
    expect(spelledOut(`${hash} key=a\\/b`)).toBe(' key=a/b');
    expect(spelledOut(`${hash}\\/b`)).toBe('/b');
  });

  it('shows each stretch once, with what stands before it, however many there are', () => {
    const far = 'x '.repeat(3000);
    expect(
      spelledOut(`${far}a\\/b ${far}c\\/d`)
        ?.split('\n')
        .map((line) => line.slice(-3)),
    ).toEqual(['a/b', 'c/d']);
    expect(spelledOut('\\/'.repeat(20_000))).toBe('/'.repeat(20_000));
    expect(spelledOut('\\'.repeat(200_000))).toBeUndefined();
  });
});
