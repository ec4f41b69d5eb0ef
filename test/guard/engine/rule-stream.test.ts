import { describe, expect, it } from 'vitest';
import type { RuleStream } from '../../../agent/src/guard/engine/rule-stream.ts';
import { createSecretsDetector } from '../../../agent/src/guard/secrets/build.ts';
import { secretsCatalogue } from '../../../agent/src/guard/secrets/catalogue.ts';
import { sampleOf } from '../../kit/pattern-sample.ts';
import { createRandom, cutAtRandom, ofShape, type Random } from '../../kit/random-text.ts';
import { scanInPieces } from '../../kit/scan-in-pieces.ts';

const detector = createSecretsDetector();
const PROSE = [
  'The password policy says: use a token. ',
  'naïve café 😀😀 ',
  '\n\n```ts\nconst secret = read();\n```\n',
  'a',
  ' -',
  ' AK',
  'postgres://localhost/db ',
  '{"password":"',
  '\\n',
  ' Bearer ',
  'sk-',
  '-----BEGIN ',
  'eyJ',
  'deadbeefcafe',
  '🔑',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4',
  ' pattern ',
  'q=%3D',
  '\\u0026',
  '\u001b[93m',
  'password: ',
  'kind: Secret\n',
  'github_pat_',
];

/** Prose, beginnings of secrets, and whole ones, run together. */
function hostileText(random: Random): string {
  let text = '';
  for (let i = 0; i < 8; i++) {
    const sample = sampleOf(random.pick(secretsCatalogue), random);
    const kind = random.below(4);
    text += random.pick(PROSE);
    text +=
      kind === 0
        ? sample
        : kind === 1
          ? `${sample} `
          : kind === 2
            ? sample.slice(0, random.below(sample.length))
            : '';
  }
  return text;
}

describe('rule stream', () => {
  it('gives the verdict of a whole scan, wherever the text is cut', () => {
    for (let seed = 0; seed < 120; seed++) {
      const random = createRandom(seed);
      const text = hostileText(random);
      const whole = detector.scan(text);
      const pieces = cutAtRandom(text, random.pick([1, 3, 8, 40, 400]), random);
      expect(scanInPieces(detector, pieces), `seed ${seed}`).toEqual(whole);
    }
  });

  it('gives the verdict of a whole scan, cut after every single character', () => {
    for (const shape of [
      'key AKIA{U16} end',
      'password = "{A20}"',
      'postgres://app:{A16}@db/x',
      '{h32}-us12 ',
      '{A52}JQQJ99{A26}',
    ]) {
      const text = ofShape(shape, createRandom(7));
      expect(scanInPieces(detector, [...text])).toEqual(detector.scan(text));
      expect(detector.scan(text)).toHaveLength(1);
    }
  });

  it('follows a private key of several thousand characters', () => {
    const random = createRandom(3);
    const lines = Array.from({ length: 50 }, () => ofShape('{b64}', random)).join('\n');
    const key = `-----BEGIN ${'RSA PRIVATE'} KEY-----\n${lines}\n-----END ${'RSA PRIVATE'} KEY-----`;
    const text = `Here it is:\n${key}\nThanks!`;
    const matches = scanInPieces(detector, cutAtRandom(text, 6, random));
    expect(matches).toMatchObject([{ kind: 'rsa-private-key', start: 12, end: 12 + key.length }]);
  });

  it('holds nothing of ordinary prose, token by token, but for words that begin like a key', () => {
    const prose =
      'The quick brown fox jumps over the lazy dog. It would be as good to read more about patterns, settings, and ' +
      'data access for services in the next section. I think the password policy is fine, but each API token needs ' +
      'an owner; see https://docs.acme.test/keys for the secret rotation plan. We can follow up on Monday. ';
    const tokens = prose.repeat(5).match(/\s?\w+|\W/g) ?? [];
    const stream = detector.openStream();
    let length = 0;
    let held = 0;
    for (const token of tokens) {
      length += token.length;
      if (stream.push(token).safeUpTo < length) held++;
    }
    expect(held / tokens.length).toBeLessThan(0.03);
  });

  it('reports a match as soon as the character after it is there', () => {
    const stream = detector.openStream();
    const key = ofShape('AKIA{U16}', createRandom(1));
    expect(stream.push(`key: ${key}`)).toEqual({ matches: [], safeUpTo: 5 });
    expect(stream.push('.').matches).toMatchObject([{ kind: 'aws-access-key-id', start: 5, end: 25 }]);
  });

  it('keeps a bounded tail of an endless stream', () => {
    const stream = detector.openStream() as RuleStream;
    const hostile = 'password=password=sk-AKIA eyJhbGciOi -----BEGIN PRIVATE KEY----- aaaa';
    let longest = 0;
    for (let i = 0; i < 5000; i++) {
      stream.push(hostile);
      longest = Math.max(longest, stream.keptChars);
    }
    expect(longest).toBeLessThan(4000);
  });
});
