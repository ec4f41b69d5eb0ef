import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detector, Match } from '../../agent/src/core/finding.ts';
import { SpelledScanner } from '../../agent/src/enforce/spelled-scanner.ts';
import { scanWhole } from '../../agent/src/enforce/whole-text.ts';
import { createSecretsDetector } from '../../agent/src/guard/secrets/build.ts';
import { createRandom, cutAtRandom, ofShape } from '../kit/random-text.ts';

const detector = createSecretsDetector();
const KEY = ofShape('AKIA{U16}', createRandom(21));
const spelled = (text: string): string =>
  [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const places = (matches: readonly Match[]) => matches.map(({ kind, start, end }) => ({ kind, start, end }));
const KIND = 'aws-access-key-id';

function inPieces(text: string, longest: number, seed: number, one: Detector = detector): readonly Match[] {
  const scanner = new SpelledScanner(() => one.openStream());
  const matches: Match[] = [];
  let safeUpTo = 0;
  let read = 0;
  for (const piece of cutAtRandom(text, longest, createRandom(seed))) {
    const scan = scanner.push(piece);
    read += piece.length;
    for (const match of scan.matches) expect(match.start).toBeGreaterThanOrEqual(safeUpTo);
    matches.push(...scan.matches);
    ({ safeUpTo } = scan);
    expect(safeUpTo).toBeLessThanOrEqual(read);
  }
  matches.push(...scanner.end().matches);
  return matches.sort((a, b) => a.start - b.start || a.end - b.end);
}

describe('SpelledScanner', () => {
  it.each([
    ['all of it escaped', `{"key":"${spelled(KEY)}"}`, spelled(KEY)],
    ['one character of it', `{"key":"${spelled(KEY.slice(0, 1))}${KEY.slice(1)}"}`, undefined],
    ['its last character', `{"key":"${KEY.slice(0, -1)}\\\\x${KEY.charCodeAt(19).toString(16)}"}`, undefined],
    ['in JSON in JSON', `{"a":"{\\"key\\":\\"${spelled(KEY).replaceAll('\\', '\\\\')}\\"}"}`, undefined],
    ['at the end', spelled(KEY), spelled(KEY)],
  ])('finds a key with %s, and covers its escapes', (_name, text, covered) => {
    const [match, ...more] = scanWhole(detector, text);
    expect(more).toEqual([]);
    expect(match?.kind).toBe(KIND);
    const found = text.slice(match?.start, match?.end);
    if (covered !== undefined) expect(found).toBe(covered);
    expect(text.slice(match?.end)).not.toMatch(/[A-Z\d]{2}/);
  });

  it('finds by words before it that are escaped', () => {
    const text = 'x = {"password\\u0022\\u003a\\u0022hunter2Xyz99kQ\\u0022}';
    expect(places(scanWhole(detector, text))).toHaveLength(1);
  });

  it('says once what shows both ways', () => {
    const text = `{"path":"a\\/b","key":"${KEY}","more":"c\\/d"}`;
    expect(places(scanWhole(detector, text))).toEqual(places(detector.scan(text)));
    expect(places(inPieces(text, 4, 1))).toEqual(places(detector.scan(text)));
  });

  it('adds nothing to a text without escapes', () => {
    const text = `one ${KEY}\n\\n two C:\\Users `;
    expect(places(inPieces(text, 4, 1))).toEqual(places(detector.scan(text)));
  });

  it('holds the beginning of a key until the escape within it is complete', () => {
    const scanner = new SpelledScanner(() => detector.openStream());
    const spelling = spelled(KEY.slice(7, 8));
    const safe = [KEY.slice(0, 7), spelling.slice(0, 3), spelling.slice(3), `${KEY.slice(8)} .`].map(
      (piece) => scanner.push(piece),
    );
    expect(safe.map(({ safeUpTo }) => safeUpTo).slice(0, 3)).toEqual([0, 0, 0]);
    expect(places(safe.at(-1)?.matches ?? [])).toEqual([{ kind: KIND, start: 0, end: 25 }]);
  });

  const part = fc.oneof(
    fc.constantFrom(
      KEY,
      spelled(KEY),
      KEY.slice(0, 9) + spelled(KEY.slice(9)),
      spelled(KEY.slice(0, 4)) + KEY.slice(4),
      spelled(KEY).slice(0, -2),
      'password\\u003d"hunter2Xyz99kQ"',
      '\\/',
      '\\',
      '\\\\',
      '\\u00',
      '\\n',
      ' ',
      '"',
      'word '.repeat(30),
      'x'.repeat(300),
      'filler text, '.repeat(150),
    ),
    fc.string({ maxLength: 8 }),
  );
  const texts = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(''));

  it('finds the same however the text was cut', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, seed) => {
        const random = createRandom(seed);
        const longest = random.pick([1, 3, 20, 400, 5000]);
        expect(places(inPieces(text, longest, seed))).toEqual(places(scanWhole(detector, text)));
      }),
      { numRuns: Number(process.env['SPLITS'] ?? 600), seed: 20261126 },
    );
  });

  it('never loses what the text shows as it stands', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(places(scanWhole(detector, text))).toEqual(
          expect.arrayContaining(places(detector.scan(text))),
        );
      }),
      { numRuns: 300 },
    );
  });
});
