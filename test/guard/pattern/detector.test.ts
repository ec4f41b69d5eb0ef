import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import type { Detector } from '../../../agent/src/core/finding.ts';
import { compileExpression, MAX_MATCH_LENGTH } from '../../../agent/src/guard/pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from '../../../agent/src/guard/pattern/detector.ts';
import { createRandom } from '../../kit/random-text.ts';
import { scanInPieces } from '../../kit/scan-in-pieces.ts';
import { anyPieces, expectSameInPieces, jumble } from '../../kit/streamed.ts';

function detectorOf(sources: readonly string[], options = {}): Detector {
  const expressions = sources.map((source) => {
    const result = compileExpression(source, options);
    if (!result.ok) throw new Error(`${source}: ${result.message}`);
    const { expression } = result;
    return { kind: source, label: 'it', severity: 'high', confidence: 'high', expression } as const;
  });
  return createPatternDetector('pattern:test', compilePatternSet(expressions));
}

const found = (detector: Detector, text: string): readonly string[] =>
  detector.scan(text).map(({ start, end }) => text.slice(start, end));

const EXPRESSIONS = [
  '\\bproject-(falcon|osprey)\\b',
  '(?i)project[ _-]?(falcon|osprey)s?\\b',
  '\\w+@acme\\.com',
  '[A-Z]{2}-\\d{4,6}\\b',
  '(?i)straße|kiosk',
  'falcon.{0,40}osprey',
  '(?m)^secret: .+$',
  '(cat|dog|bird)fish+',
  '(?:ab|ac)xyz[0-9]*$',
  '\\d{3}-\\d{2}-\\d{4}',
  '(?s)begin.*?end',
  '[a-c]+falcon[a-c]*',
  '^falcon',
  'falcon$',
  '😀falcon\\S*',
  '(?:[a-z]+ ){2,4}osprey',
  '\\pL{2,}falcon\\pL*',
];
const PIECES = [
  ...[
    'project-',
    'falcon',
    'osprey',
    'PROJECT',
    '_',
    ' ',
    '\n',
    '@acme.com',
    'AB-',
    '1234',
    '-',
    '123-45-6789',
  ],
  ...[
    'STRASSE',
    'straße',
    'ſ',
    'KIOSK',
    '\u212aiosk',
    'secret: ',
    'cat',
    'fish',
    'h',
    'abxyz',
    '9',
    'é',
    'begin',
  ],
  ...['end', 'a', 'b', '😀', '.', 's', 'X', 'falcon ', 'a'.repeat(60)],
];

/** What RE2 says of the whole text. */
const plainly = (text: string): readonly string[] =>
  EXPRESSIONS.flatMap((source) => {
    const matcher = RE2JS.compile(source).matcher(text);
    const matches: string[] = [];
    while (matcher.find()) matches.push(`${source} ${matcher.start()}-${matcher.end()}`);
    return matches;
  }).sort();

describe('pattern', () => {
  const all = detectorOf(EXPRESSIONS);

  it('finds what RE2 finds in the whole text', () => {
    const random = createRandom(1);
    let matches = 0;
    for (let i = 0; i < 120; i++) {
      const text = jumble(PIECES, 1 + random.below(40), random);
      const expected = plainly(text);
      matches += expected.length;
      const actual = all.scan(text).map(({ kind, start, end }) => `${kind} ${start}-${end}`);
      expect([...actual].sort(), JSON.stringify(text)).toEqual(expected);
    }
    expect(matches).toBeGreaterThan(200);
  });

  it('finds the same however the text is cut', () => {
    const random = createRandom(2);
    for (let i = 0; i < 30; i++) expectSameInPieces(all, jumble(PIECES, 30, random), random, 3);
    for (let i = 0; i < 3; i++) expectSameInPieces(all, jumble(PIECES, 600, random), random, 1);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(anyPieces, (pieces) => {
        scanInPieces(all, pieces);
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it('folds case as RE2 does: all of Unicode', () => {
    const detector = detectorOf(['straße-\\d+', 'kiosk'], { caseSensitive: false });
    expect(found(detector, 'STRAẞE-1 strasse-2 \u212aIO\u017fK')).toEqual(['STRAẞE-1', '\u212aIO\u017fK']);
  });

  it('counts a match only if it holds one of the keywords given', () => {
    const detector = detectorOf(['[A-Z]{2,5}-\\d{6}'], { keywords: ['case', 'op'] });
    expect(found(detector, 'AB-123456 CASE-123456 OP-123456, case AB-654321')).toEqual([
      'CASE-123456',
      'OP-123456',
    ]);
  });

  it('holds back what could become a match, and no more', () => {
    const stream = detectorOf(['\\bproject-\\w+\\b']).openStream();
    expect(stream.push('the new pro').safeUpTo).toBe(8);
    expect(stream.push('duct and pro').safeUpTo).toBe(20);
    expect(stream.push('ject-falc').safeUpTo).toBe(20);
    const scan = stream.push('on flies');
    expect(scan).toMatchObject({ matches: [{ start: 20, end: 34 }], safeUpTo: 40 });
  });

  it('finds matches up to the promised length anywhere, and longer ones in pieces', () => {
    const detector = detectorOf(['key=[a-z]+']);
    for (const before of [0, 1, 500, 1020, 1024, 2040]) {
      const text = `${'-'.repeat(before)}key=${'x'.repeat(MAX_MATCH_LENGTH - 4)}-`;
      expect(detector.scan(text)).toMatchObject([{ start: before, end: before + MAX_MATCH_LENGTH }]);
    }
    const anything = detectorOf(['(?s)BEGIN.+']);
    const long = `BEGIN${'x'.repeat(4000)}`;
    const [first] = anything.scan(long);
    expect(first?.start).toBe(0);
    expect(first?.end).toBeGreaterThanOrEqual(MAX_MATCH_LENGTH);
    expectSameInPieces(anything, long, createRandom(9), 2);
    expectSameInPieces(detector, `key=${'x'.repeat(5000)} key=y`, createRandom(9), 2);
  });

  it('remembers no more of a stream than it needs', () => {
    const stream = all.openStream();
    const held = Array.from({ length: 400 }, (_, i) => {
      const { safeUpTo } = stream.push('the falcon and osprey of project-x and more. '.repeat(4));
      return (i + 1) * 180 - safeUpTo;
    });
    expect(Math.max(...held)).toBeLessThanOrEqual(2 * MAX_MATCH_LENGTH + 200);
  });

  // A backtracking matcher takes minutes for these, or for ever.
  it.each<[string, string, number]>([
    ['(?:x+x+)+falcon', 'x'.repeat(100_000), 0],
    ['^(a+)+falcon$', 'a'.repeat(100_000), 0],
    ['(?:\\w+\\s?)+falcon', 'falco '.repeat(16_000), 0],
    ['falcon(?:.*osprey)*!', 'falcon osprey '.repeat(7000), 0],
    ['(?i)(?:f|fa|fal|falc|falco|falcon)+osprey', 'falcon'.repeat(16_000), 0],
    ['\\d{3}-\\d{2}-\\d{4}', '123-45-678 '.repeat(9000), 0],
    ['\\pL+@acme', 'é'.repeat(100_000), 0],
    ['(?:é|ß)+falcon', `${'éß'.repeat(500)}falcon `.repeat(100), 100],
  ])('reads 100 KB of near-matches of %s', (source, text, matches) => {
    expect(detectorOf([source]).scan(text)).toHaveLength(matches);
  });

  it('gives up on a text with more matches than anyone can read', () => {
    expect(() => detectorOf(['falcon\\d']).scan('falcon1 '.repeat(10_001))).toThrow(
      'more than 10000 matches',
    );
  });
});
