import { expect, it } from 'vitest';
import { rtfText } from '../../../agent/src/open/formats/rtf.ts';

it.each([
  ['{\\rtf1 two\\par lines}', 'two\nlines'],
  ['{\\rtf1 sec{\\b ret}\\i0  word}', 'secret word'],
  ["{\\rtf1 caf\\'e9 \\u8364?5 \\uc2\\u8364??6}", 'café €5 €6'],
  ['{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}x}', 'x'],
  ['{\\rtf1 \\{a\\\\b\\}\\~c\\_d}', '{a\\b} c-d'],
  ['{\\rtf1 never closed', 'never closed'],
  ['}}}}x', 'x'],
])('%s', (source, text) => {
  expect(rtfText(Buffer.from(source, 'latin1'))).toBe(text);
});
