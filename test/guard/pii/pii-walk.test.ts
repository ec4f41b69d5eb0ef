import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';
import type { WalkStream } from '../../../agent/src/guard/walk.ts';
import { PERSONAL_NUMBERS } from '../../kit/personal-numbers.ts';
import { createRandom, cutAtRandom, type Random } from '../../kit/random-text.ts';
import { scanInPieces } from '../../kit/scan-in-pieces.ts';

const detector = createPiiDetector('pii');

const BETWEEN = [
  ' ',
  '\n',
  ', ',
  '. ',
  '-',
  '/',
  '@',
  ' and ',
  '"ssn": "',
  '\\n',
  ' born on ',
  ' 12 March 1980 ',
  ' March 3, 1975',
  ' é😀 ',
  ' tel: 030 901 820',
  ' +49 30 90182',
  ' (415) 555-',
  '2671 ',
  'jane.doe@',
  'acme.com',
  ' 93.184.',
  '216.34',
  ' ip 2a00:1450:',
  '4001:81b::200e ',
  ' 4111 1111 ',
  '550e8400-e29b-41d4-a716-446655440000',
  ' 1 2 3 4 5 6 ',
  ' GB82 WEST ',
  ' v1.2.3.4',
  '0.4532015112830366',
  ' AB 12 34 56 C',
  ' DE',
  'IBAN',
  ' dob 1980-03-12',
  '身份证',
  ' mail@example.com ',
  '4532-',
  ' card ',
  '_',
  ' BSN: ',
] as const;

/** Numbers whole and cut off, names of numbers, and what looks like them, run together. */
function hostileText(random: Random): string {
  let text = '';
  for (let i = 0; i < 10; i++) {
    const { make, named } = random.pick(PERSONAL_NUMBERS);
    const number = make(random);
    const part = random.below(5);
    text += random.pick(BETWEEN);
    if (part === 0) text += named;
    if (part < 3) text += number;
    if (part === 3) text += number.slice(0, random.below(number.length));
  }
  return text;
}

describe('walk over personal data', () => {
  it('gives the verdict of a whole scan, wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 2, 5, 20, 200), (seed, longest) => {
        const random = createRandom(seed);
        const text = hostileText(random);
        expect(scanInPieces(detector, cutAtRandom(text, longest, random))).toEqual(detector.scan(text));
      }),
      { seed: 85, numRuns: Number(process.env['POSTERN_SPLITS'] ?? 400) },
    );
  });

  it('gives the verdict of a whole scan of arbitrary characters', () => {
    const unit = fc.constantFrom(...'0123456789 .-/+()@_:,\\nABGX abz\u00a0é');
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 12 }), { maxLength: 12 }), (pieces) => {
        expect(scanInPieces(detector, pieces)).toEqual(detector.scan(pieces.join('')));
      }),
      { seed: 86, numRuns: 500 },
    );
  });

  it('holds nothing of prose but the word that may become an address, and not even that if none are sought', () => {
    const prose =
      'In 2024 we moved 3 teams to the new office. The plan (see page 12) is fine, and IT says it is OK. Call us on ' +
      'Monday in March; Alice has 25 of the 30 items. It costs 1,200.50 for 10 users at 8:30 on 12 May. ';
    const tokens = prose.repeat(5).match(/\s?\w+|\W/g) ?? [];
    const heldBy = (scanner = detector.openStream()) => {
      let length = 0;
      let held = 0;
      for (const token of tokens) {
        length += token.length;
        const { safeUpTo } = scanner.push(token);
        expect(length - safeUpTo).toBeLessThan(26);
        if (safeUpTo < length) held++;
      }
      return held / tokens.length;
    };
    const numbers = createPiiDetector('pii', { kinds: ['card-number', 'iban', 'us-ssn', 'de-*'] });
    expect(heldBy(numbers.openStream())).toBeLessThan(0.3);
    expect(heldBy()).toBeLessThan(1);
  });

  it('keeps a bounded tail of an endless stream, whatever it is made of', () => {
    for (const piece of [
      '4',
      '4 ',
      '1-',
      'a@',
      '@a.',
      'A1',
      '(4',
      '+4 ',
      '1.1.',
      '2001:',
      'GB82 ',
      ' March ',
      'a.',
      '12 ',
    ]) {
      const stream = detector.openStream() as WalkStream;
      for (let i = 0; i < 3000; i++) stream.push(piece);
      expect(stream.keptChars, piece).toBeLessThan(1600);
    }
  });

  it('finds nothing in what only looks like numbers of people', () => {
    const nothing = [
      'id: 550e8400-e29b-41d4-a716-446655440000',
      'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      'commit 4532015112830366aef09',
      '{"id": 4532015112830366, "createdAt": 1700000000000}',
      '[0.4532015112830366, -12.5105105105105100, 4.716108999716531]',
      'user_4532015112830366 and x4532015112830366',
      '1.4532015112830366e12',
      'node@24.1.0 chrome/120.0.6099.109 v1.22.333.44',
      '2024-01-15T10:20:30.123456789Z',
      '0x4532015112830366',
      '192.168.1.20 10.0.0.7 127.0.0.1 203.0.113.9 fe80::1 2001:db8::1 ::1',
      '1234 5678 9012 3456 7890 1234 5678',
      'noreply@github.com git@github.com:acme/x.git foo@example.com jane@corp.example',
      'Signed-off-by: Jane Roe <jane.roe@kernel.org>',
      'https://user:pass@db.acme.com/x',
      'logo@2x.png pkg@1.2.3 a@b foo@bar',
      '"phone": "555-0123", (212) 555-0147',
      '+0000 -0700 1/2/2003 12-12-2012',
      'order 123456789, part no 078-051-120',
      '3.14.15.92 and 1.2.3.4.5 and 300.1.1.200',
    ];
    for (const text of nothing) expect(detector.scan(text), text).toEqual([]);
  });

  it('takes one name for a list or a column', () => {
    const tfn = PERSONAL_NUMBERS.find(({ kind }) => kind === 'nl-bsn');
    const random = createRandom(4);
    const list = Array.from({ length: 5 }, () => tfn?.make(random)).join('\n');
    expect(detector.scan(`BSN\n${list}\n`).map(({ kind }) => kind)).toEqual(Array(5).fill('nl-bsn'));
  });
});
