import { expect, it } from 'vitest';
import { toUtf8 } from '../../agent/src/recognise/body-bytes.ts';

const read = (bytes: readonly number[]) => {
  const { bytes: utf8, recodedFrom } = toUtf8(Uint8Array.from(bytes));
  return [Buffer.from(utf8).toString(), recodedFrom !== undefined];
};

it.each<readonly [string, readonly number[], string, boolean]>([
  ['nothing', [], '', false],
  ['UTF-8', [0x7b, 0x7d], '{}', false],
  ['UTF-8 with a mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], '{}', false],
  ['UTF-16, little end first', [0x7b, 0, 0x7d, 0], '{}', true],
  ['UTF-16, big end first', [0, 0x7b, 0, 0x7d], '{}', true],
  ['UTF-16 with marks', [0xff, 0xfe, 0x3d, 0xd8, 0x00, 0xde], '😀', true],
  ['UTF-16 cut in a character', [0xfe, 0xff, 0, 0x7b, 0], '{\ufffd', true],
  ['UTF-32, little end first', [0x7b, 0, 0, 0, 0x00, 0xf6, 0x01, 0x00], '{😀', true],
  [
    'UTF-32 with a mark, beyond Unicode',
    [0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b, 0x7f, 0xff, 0xff, 0xff],
    '{\ufffd',
    true,
  ],
  ['one byte', [0x31], '1', false],
])('%s', (_, bytes, text, recoded) => expect(read(bytes)).toEqual([text, recoded]));
