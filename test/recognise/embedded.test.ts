import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEmbedded } from '../../agent/src/recognise/embedded.ts';

const packed = gzipSync(
  Buffer.from(Array.from({ length: 400 }, (_, index) => `line ${index * 7919}`).join('\n')),
);
const prose = 'The quick brown fox jumps over the lazy dog. '.repeat(30);

function decoded(text: string): Buffer[] {
  return findEmbedded(text).map((content) => {
    if (content.form !== 'base64') throw new Error('not base64');
    return Buffer.from(content.text.slice(content.from, content.to), 'base64');
  });
}

describe('files within texts', () => {
  it.each([
    ['plain', packed.toString('base64')],
    ['URL-safe', packed.toString('base64url')],
    ['wrapped at 76', packed.toString('base64').replace(/.{76}/g, '$&\n')],
    ['wrapped, CRLF', packed.toString('base64').replace(/.{64}/g, '$&\r\n')],
  ])('base64, %s, is found wherever it stands', (_form, base64) => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (before, after) => {
        const text = `${prose.slice(0, before)} (${base64}) ${prose.slice(0, after)}`;
        expect(decoded(text)).toEqual([packed]);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('in a data URL, after a word on the line above, and text in base64', () => {
    expect(decoded(`![x](data:application/gzip;base64,${packed.toString('base64')})`)).toEqual([packed]);
    expect(decoded(`output\n${packed.toString('base64')}\n`)).toEqual([packed]);
    const words = Buffer.from(prose);
    expect(decoded(`x: "${words.toString('base64')}"`)).toEqual([words]);
  });

  it.each([
    ['prose', prose],
    ['hexadecimal', 'deadbeef'.repeat(100)],
    ['one letter', 'A'.repeat(5_000)],
    ['a list of words', Array.from({ length: 300 }, (_, index) => `word${index}`).join('\n')],
    ['a long identifier', 'someVeryLongIdentifierName'.repeat(20)],
    ['short base64', packed.toString('base64').slice(0, 120)],
  ])('%s is none', (_name, text) => {
    expect(findEmbedded(text)).toEqual([]);
  });

  it('never fails on any text, and stays within it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1_000 }), (text) => {
        for (const content of findEmbedded(text))
          if (content.form === 'base64') expect(content.to).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});
