import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Detector } from '../../agent/src/core/finding.ts';
import { createScanCache } from '../../agent/src/guard/scan-cache.ts';
import { createSecretsDetector } from '../../agent/src/guard/secrets/build.ts';
import { createRandom, ofShape } from '../kit/random-text.ts';

const real = createSecretsDetector();

function counting(): Detector & { scans: number } {
  return {
    id: 'counting',
    scans: 0,
    scan(text) {
      this.scans++;
      return real.scan(text);
    },
    openStream: () => real.openStream(),
  };
}

const longText = (seed: number) =>
  `${ofShape('Words {A30} and ', createRandom(seed)).repeat(40)}${ofShape('AKIA{U16}', createRandom(seed))} .`;

it('scans a message once, and says the same ever after', () => {
  const detector = counting();
  const cache = createScanCache();
  const texts = [1, 2, 3].map(longText);
  const first = texts.map((text) => cache.scan(detector, text));
  const again = texts.map((text) => cache.scan(detector, `${text}`.slice()));
  expect(again).toEqual(first);
  expect(first.flat().map((match) => match.kind)).toContain('aws-access-key-id');
  expect(detector.scans).toBe(3);
  expect([cache.hits, cache.misses]).toEqual([3, 3]);
});

it('keeps detectors apart', () => {
  const [one, two] = [counting(), counting()];
  const cache = createScanCache();
  cache.scan(one, longText(1));
  cache.scan(two, longText(1));
  expect([one.scans, two.scans]).toEqual([1, 1]);
});

it('forgets what was unused for longest', () => {
  const detector = counting();
  const cache = createScanCache({ maxEntries: 2 });
  const [a, b, c] = [longText(1), longText(2), longText(3)];
  for (const text of [a, b, a, c, a]) cache.scan(detector, text);
  expect(detector.scans).toBe(3);
  cache.scan(detector, b);
  expect(detector.scans).toBe(4);
});

it('forgets in the order of use, however many have come and gone', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 19 }), { maxLength: 400 }), (uses) => {
      const detector = counting();
      const cache = createScanCache({ maxEntries: 8, minChars: 1 });
      let model: number[] = [];
      for (const use of uses) {
        const before = cache.hits;
        cache.scan(detector, `text ${use}`);
        expect(cache.hits - before).toBe(model.includes(use) ? 1 : 0);
        model = [...model.filter((one) => one !== use), use].slice(-8);
      }
    }),
  );
});

it('asks nobody about short texts', () => {
  const detector = counting();
  const cache = createScanCache();
  cache.scan(detector, 'short');
  cache.scan(detector, 'short');
  expect([detector.scans, cache.hits, cache.misses]).toEqual([2, 0, 0]);
});
