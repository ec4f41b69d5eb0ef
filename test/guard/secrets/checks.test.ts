import { describe, expect, it } from 'vitest';
import {
  classesOf,
  crc32Checksum,
  decodeBase64,
  entropyBits,
  hasCrc32Checksum,
  hasJoseHeader,
  looksLikeExample,
} from '../../../agent/src/guard/secrets/checks.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';

describe('checks', () => {
  it('entropy in bits per character', () => {
    expect(entropyBits('aaaa')).toBeCloseTo(0);
    expect(entropyBits('abab')).toBe(1);
    expect(entropyBits('abcdefgh')).toBe(3);
  });

  it.each([
    'my-example-key',
    'your-token',
    '<token>',
    `$${'{TOKEN}'}`,
    'aaaaaaa',
    'abcdefghij',
    'x1234567x',
    'REDACTED',
    'xxxxx',
  ])('%s stands for something else', (value) => expect(looksLikeExample(value)).toBe(true));

  it('random keys hardly ever look like examples', () => {
    const random = createRandom(5);
    const examples = Array.from({ length: 20_000 }, () => ofShape('{A40}', random)).filter(looksLikeExample);
    expect(examples.length).toBeLessThanOrEqual(2);
  });

  it('computes the checksum in the example that GitHub published', () => {
    expect(crc32Checksum('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17');
    const token = `npm_${'A'.repeat(30)}`;
    expect(hasCrc32Checksum(token + crc32Checksum('A'.repeat(30)), 4)).toBe(true);
    expect(hasCrc32Checksum(`${token}000000`, 4)).toBe(false);
  });

  it('reads base64 of either alphabet, and JOSE headers', () => {
    expect(decodeBase64('YTpi')).toBe('a:b');
    expect(decodeBase64('not base64')).toBeUndefined();
    expect(hasJoseHeader(`${Buffer.from('{"alg":"ES256"}').toString('base64url')}.x.y`)).toBe(true);
    expect(hasJoseHeader('eyJhIjoxfQ.x.y')).toBe(false);
  });

  it('counts character classes', () => {
    expect(['abc', 'aB', 'aB1', 'aB1!'].map(classesOf)).toEqual([1, 2, 3, 4]);
  });
});
