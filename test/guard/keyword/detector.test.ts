import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeywordDetector } from '../../../agent/src/guard/keyword/detector.ts';
import { compileDictionary } from '../../../agent/src/guard/keyword/dictionary.ts';
import type { Folding } from '../../../agent/src/guard/text/fold.ts';
import { createRandom } from '../../kit/random-text.ts';
import { scanInPieces } from '../../kit/scan-in-pieces.ts';
import { anyPieces, expectSameInPieces, jumble } from '../../kit/streamed.ts';

const KIND = { kind: 'names', label: 'a name', severity: 'high', confidence: 'high' } as const;
const detectorOf = (terms: readonly string[], folding: Folding = 'case') =>
  createKeywordDetector('keyword:names', compileDictionary(terms, folding), KIND);
const found = (terms: readonly string[], text: string, folding: Folding = 'case') =>
  detectorOf(terms, folding)
    .scan(text)
    .map(({ start, end }) => text.slice(start, end));

describe('keyword', () => {
  it('finds whole words in any case', () => {
    expect(found(['Acme'], 'acme, ACME! pacmed acme-x acme_x acmes Acme’s')).toEqual([
      'acme',
      'ACME',
      'acme',
      'acme',
      'Acme',
    ]);
  });

  it.each<[string, string, readonly string[]]>([
    ['white space', 'acme corp', ['Acme  Corp', 'acme\n\tcorp', 'ACME\u00a0Corp']],
    ['signs', 'AT&T', ['AT&T']],
    ['decomposed letters', 'café zürich', ['cafe\u0301 zu\u0308rich']],
    ['letters that fold to several', 'straße', ['STRASSE', 'Strasse', 'straße', 'STRAẞE']],
    ['scripts without spaces', '東京電力', ['東京電力']],
    ['Korean with a particle', '삼성전자', ['삼성전자']],
    ['decomposed Korean', '삼성', ['삼성'.normalize('NFD')]],
    ['invisible characters', 'falcon', ['fal\u00adcon', 'fal\u200bcon']],
    ['astral letters', '\u{10400}\u{10401}', ['\u{10428}\u{10429}']],
  ])('finds terms in spite of %s', (_, term, spellings) => {
    for (const spelling of spellings) {
      expect(found([term], `x ${spelling}.`), spelling).toEqual([spelling]);
    }
  });

  it('places what it finds after text whose folded form is longer', () => {
    const text = 'ßßß ﬁ İİ acme';
    expect(detectorOf(['acme']).scan(text)).toEqual([{ ...KIND, start: 9, end: 13 }]);
  });

  it('finds terms wherever a long text is cut into blocks', () => {
    const detector = detectorOf(['falcon crest', 'straße', '\u{10400}\u{10401}']);
    for (let at = 16_360; at < 16_400; at++) {
      for (const term of [
        'Falcon  Crest',
        'STRASSE',
        'stra\u00dfe',
        '\u{10428}\u{10429}',
        'fal\u00adcon crest',
      ]) {
        const text = `${'ab '.repeat(at / 3)}${' '.repeat(at % 3)}${term} ${'cd '.repeat(6_000)}${term}.`;
        const starts = [text.indexOf(term), text.lastIndexOf(term)];
        expect(detector.scan(text).map(({ start, end }) => [start, end])).toEqual(
          starts.map((start) => [start, start + term.length]),
        );
      }
    }
  });

  it('minds case and accents as told', () => {
    expect(found(['Apple'], 'apple Apple', 'none')).toEqual(['Apple']);
    expect(found(['Muller'], 'Müller muller MÜLLER', 'case')).toEqual(['muller']);
    expect(found(['Muller'], 'Müller muller MÜLLER', 'case-and-accents')).toEqual([
      'Müller',
      'muller',
      'MÜLLER',
    ]);
    expect(found(['Müller'], 'Muller muller', 'accents')).toEqual(['Muller']);
  });

  it('tells the longest of nested terms, and both of crossing ones', () => {
    expect(found(['acme', 'acme corp', 'corp'], 'the acme corp and acme')).toEqual(['acme corp', 'acme']);
    expect(found(['a b', 'b c'], 'a b c')).toEqual(['a b', 'b c']);
    expect(found(['a b c d', 'b c'], 'a b c e')).toEqual(['b c']);
  });

  it('holds back only words that can begin a term', () => {
    const stream = detectorOf(['acme corp', 'café']).openStream();
    expect(stream.push('we met the xyl').safeUpTo).toBe(14);
    expect(stream.push('ophone of ac').safeUpTo).toBe(24);
    expect(stream.push('me co').safeUpTo).toBe(24);
    expect(stream.push('ntinental caf').safeUpTo).toBe(41);
    expect(stream.push('e').safeUpTo, 'an accent may follow').toBe(41);
    const { matches } = stream.push('\u0301.');
    expect(matches).toEqual([{ ...KIND, start: 41, end: 46 }]);
  });

  it('finds every term of a large dictionary, and nothing else', () => {
    const random = createRandom(3);
    const name = () => Array.from({ length: 8 }, () => random.pick('bdfgklmnprst')).join('');
    const terms = Array.from({ length: 20_000 }, () => `${name()} ${name()}`);
    const detector = detectorOf(terms);
    for (const term of terms.slice(0, 500)) expect(detector.scan(`the ${term} and`)).toHaveLength(1);
    for (let i = 0; i < 500; i++) expect(detector.scan(`the ${name()} ${name()} and`)).toEqual([]);
  });

  it('gives up on a text with more matches than anyone can read', () => {
    expect(() => detectorOf(['ab']).scan('ab '.repeat(10_001))).toThrow('more than 10000 matches');
  });

  it('finds the same however the text is cut', () => {
    const random = createRandom(11);
    const terms = [
      'acme',
      'acme corp',
      'corp falcon',
      'a b',
      'b c',
      'a b c a',
      'strasse',
      'café',
      '東京電力',
      'AT&T',
    ];
    const words = [
      'acme',
      'Corp',
      'falcon',
      'Straße',
      'caf',
      'é',
      'e',
      '\u0301',
      '東京',
      '電力',
      'AT&T',
      'a',
      'b',
    ];
    const pieces = [...words, ' ', '  ', '\n', '.', '-', '\u00ad', '😀', '\u{10400}', 'ﬁ', ' a b', ' b c'];
    for (const folding of ['case', 'case-and-accents', 'none'] as const) {
      const detector = detectorOf(terms, folding);
      for (let i = 0; i < 60; i++) expectSameInPieces(detector, jumble(pieces, 25, random), random, 4);
    }
  });

  it('never throws, and reports each match once', () => {
    const detector = detectorOf(['acme corp', '東京']);
    fc.assert(
      fc.property(anyPieces, (pieces) => {
        scanInPieces(detector, pieces);
      }),
      { numRuns: 150, seed: 5 },
    );
  });
});
