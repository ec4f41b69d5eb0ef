import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, textRuns } from '../../../agent/src/open/formats/text.ts';

const words = 'Smörgåsbord för 5 €, naïve';

describe('bytes to text', () => {
  it.each([
    ['UTF-8', Buffer.from(words)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${words}`)],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${words}`, 'utf16le')],
    ['UTF-16 BE with a mark', Buffer.from(`\ufeff${words}`, 'utf16le').swap16()],
  ])('%s', (_name, bytes) => {
    expect(decodeText(bytes)).toBe(words);
  });

  it('UTF-16 without a mark, by its zeros; Windows-1252, where it is no UTF-8', () => {
    expect(decodeText(Buffer.from('plain words', 'utf16le'))).toBe('plain words');
    expect(decodeText(Buffer.from('plain words', 'utf16le').swap16())).toBe('plain words');
    expect(decodeText(Buffer.from('caf\xe9 \x80 5', 'latin1'))).toBe('café € 5');
  });

  it('what is packed or has zeros is no text', () => {
    expect(decodeText(Buffer.from([1, 2, 3, 0, 255]))).toBeUndefined();
    expect(
      decodeText(Buffer.from(Uint8Array.from({ length: 512 }, (_, index) => (index * 89) % 256))),
    ).toBeUndefined();
  });

  it('any UTF-8 text of ordinary characters comes back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w äöüé漢字🙂.,\n-]{0,200}$/u), (text) => {
        expect(decodeText(Buffer.from(text))).toBe(text);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('runs of readable characters, narrow and wide, at odd places too', () => {
    const wide = Buffer.from('wide words', 'utf16le');
    for (const before of [1, 2, 3]) {
      const bytes = Buffer.concat([Buffer.alloc(before, 0xff), wide, Buffer.from([0xff, 0xff])]);
      expect(textRuns(bytes)).toBe('wide words');
    }
    expect(textRuns(Buffer.from('\x01short\x02long enough\x03'))).toBe('long enough');
  });
});
