import { describe, expect, it } from 'vitest';
import { nearTo, unionOf } from '../../agent/src/guard/combine.ts';
import { createKeywordDetector } from '../../agent/src/guard/keyword/detector.ts';
import { compileDictionary } from '../../agent/src/guard/keyword/dictionary.ts';
import { createRandom } from '../kit/random-text.ts';
import { expectSameInPieces, jumble } from '../kit/streamed.ts';

const words = (kind: string, terms: readonly string[]) =>
  createKeywordDetector(kind, compileDictionary(terms, 'case'), {
    kind,
    label: kind,
    severity: 'high',
    confidence: 'high',
  });

describe('unionOf', () => {
  const both = unionOf('both', [words('a', ['falcon', 'owl']), words('b', ['the falcon', 'mole'])]);

  it('finds what its parts find, in order', () => {
    expect(both.id).toBe('both');
    expect(both.scan('a mole and the falcon').map(({ kind, start }) => [kind, start])).toEqual([
      ['b', 2],
      ['b', 11],
      ['a', 15],
    ]);
  });

  it('keeps its parts’ promise to streams', () => {
    const random = createRandom(1);
    const pieces = ['falcon', 'the', ' ', 'owl', 'mole', '.'];
    for (let i = 0; i < 40; i++) expectSameInPieces(both, jumble(pieces, 15, random), random, 3);
  });
});

describe('nearTo', () => {
  const near = nearTo(words('name', ['falcon']), words('context', ['customer', 'client list']), 10);
  const starts = (text: string) => near.scan(text).map(({ start }) => start);

  it.each<[string, readonly number[]]>([
    ['falcon', []],
    ['customer falcon', [9]],
    ['falcon customer', [0]],
    ['customer 12345678 falcon', [18]],
    ['customer 123456789 falcon', []],
    ['falcon 12345678 customer', [0]],
    ['falcon 123456789 customer', []],
    ['falcon ... client   list ... falcon', [0, 29]],
  ])('%j', (text, expected) => {
    expect(starts(text)).toEqual(expected);
  });

  it('waits for what follows, and not longer', () => {
    const stream = near.openStream();
    expect(stream.push('the falcon ').safeUpTo).toBe(4);
    expect(stream.push('is away, ').safeUpTo, 'a customer may come').toBe(4);
    expect(stream.push('we hear. ').safeUpTo, 'it would be too far').toBe(29);
    const { matches } = stream.push('falcon customer.');
    expect(matches).toMatchObject([{ start: 29, end: 35 }]);
  });

  it('keeps its parts’ promise to streams', () => {
    const random = createRandom(2);
    const pieces = ['falcon', 'customer', 'client', ' list', ' ', 'x', '123', '\n'];
    for (let i = 0; i < 80; i++) expectSameInPieces(near, jumble(pieces, 20, random), random, 3);
  });
});
