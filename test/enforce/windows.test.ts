import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Window, Windows } from '../../agent/src/enforce/windows.ts';
import { createRandom, cutAtRandom } from '../kit/random-text.ts';

const CHARS = 60;

function windowsOf(pieces: readonly string[]): Window[] {
  const windows = new Windows(CHARS);
  return [...pieces.flatMap((piece) => windows.push(piece)), ...windows.end()];
}
const own = ({ text, start, contextStart }: Window): string => text.slice(start - contextStart);

describe('windows', () => {
  it.each([
    ['a short text is one', 'Hello there.', ['Hello there.']],
    ['nothing is none', '', []],
    ['nor is what is blank', '  \n ', []],
    [
      'at the first end of a sentence in the second half',
      `One. ${'two '.repeat(8)}three. ${'four '.repeat(8)}`,
      [`One. ${'two '.repeat(8)}three.`, ` ${'four '.repeat(8)}`],
    ],
    ['a dot in a number ends nothing', `${'9'.repeat(40)}.5 more.`, [`${'9'.repeat(40)}.5 more.`]],
    ['else between words', 'word '.repeat(15), ['word '.repeat(12), 'word '.repeat(3)]],
    ['else at the limit', 'x'.repeat(130), ['x'.repeat(60), 'x'.repeat(60), 'x'.repeat(10)]],
    [
      'never within a character',
      '😀'.repeat(40).slice(0, 71),
      ['😀'.repeat(30), `😀😀😀😀😀${'😀'.slice(0, 1)}`],
    ],
    [
      'a Chinese full stop needs no space',
      `${'字'.repeat(35)}。${'字'.repeat(5)}`,
      [`${'字'.repeat(35)}。`, '字'.repeat(5)],
    ],
  ])('%s', (_, text, expected) => {
    expect(windowsOf([text]).map(own)).toEqual(expected);
  });

  const word = fc.oneof(
    fc.constantFrom('. ', '.', '\n', ' ', '? ', '😀', '。', 'Mr. ', 'falcon '),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const texts = fc.array(word, { maxLength: 60 }).map((words) => words.join(''));

  it('are the same however the text was cut', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, seed) => {
        const random = createRandom(seed);
        const whole = windowsOf([text]);
        expect(windowsOf(cutAtRandom(text, 1 + random.below(30), random))).toEqual(whole);
        expect(windowsOf(text.split(''))).toEqual(whole);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hold all of the text that is not blank, once, in order, with what stands before it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        let at = 0;
        for (const window of windowsOf([text])) {
          expect(text.slice(at, window.start).trim()).toBe('');
          expect(window.end - window.start).toBeLessThanOrEqual(CHARS);
          expect(window.start - window.contextStart).toBeGreaterThanOrEqual(Math.min(window.start, CHARS));
          expect(window.start - window.contextStart).toBeLessThanOrEqual(CHARS + 1);
          expect(window.text).toBe(text.slice(window.contextStart, window.end));
          at = window.end;
        }
        expect(text.slice(at).trim()).toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  it('a long answer of small pieces costs little', () => {
    const windows = new Windows(400);
    const startedAt = performance.now();
    for (let i = 0; i < 250_000; i++) windows.push('word');
    windows.end();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
