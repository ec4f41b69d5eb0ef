import { describe, expect, it } from 'vitest';
import { inOtherEncoding } from '../../../agent/src/recognise/json/encoding.ts';

const JSON_TEXT = '{"text":"für 😀"}';

const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
function utf32(text: string, littleEndian: boolean): Buffer {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0);
  const bytes = Buffer.alloc(points.length * 4);
  for (const [index, point] of points.entries())
    littleEndian ? bytes.writeUInt32LE(point, index * 4) : bytes.writeUInt32BE(point, index * 4);
  return bytes;
}

describe('JSON in another encoding', () => {
  it.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${JSON_TEXT}`)],
    ['UTF-16 LE', utf16(JSON_TEXT)],
    ['UTF-16 LE with a mark', utf16(`\ufeff${JSON_TEXT}`)],
    ['UTF-16 BE', swapped(utf16(JSON_TEXT))],
    ['UTF-16 BE with a mark', swapped(utf16(`\ufeff${JSON_TEXT}`))],
    ['UTF-32 LE', utf32(JSON_TEXT, true)],
    ['UTF-32 LE with a mark', utf32(`\ufeff${JSON_TEXT}`, true)],
    ['UTF-32 BE', utf32(JSON_TEXT, false)],
    ['UTF-32 BE with a mark', utf32(`\ufeff${JSON_TEXT}`, false)],
  ])('%s is told', (_, bytes) => {
    expect(Buffer.from(inOtherEncoding(bytes) ?? []).toString('utf8')).toBe(JSON_TEXT);
  });

  it.each([
    ['plain UTF-8', Buffer.from(JSON_TEXT)],
    ['nothing', Buffer.alloc(0)],
    ['one digit', Buffer.from('1')],
  ])('%s is left alone', (_, bytes) => {
    expect(inOtherEncoding(bytes)).toBeUndefined();
  });

  it('noise is never a failure', () => {
    for (const start of [
      [0, 0, 0, 1],
      [0, 0, 0xff, 0xff, 9],
      [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0xfe, 0],
    ])
      expect(() => inOtherEncoding(Buffer.from(start))).not.toThrow();
  });
});
