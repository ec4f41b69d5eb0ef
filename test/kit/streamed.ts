/** A detector's promise to streams, put to the test: the same matches however a text is cut, none in text given free. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Detector } from '../../agent/src/core/finding.ts';
import { cutAtRandom, type Random } from './random-text.ts';
import { inOrder, scanInPieces } from './scan-in-pieces.ts';

/** Cuts `text` at random, `times` times over. */
export function expectSameInPieces(detector: Detector, text: string, random: Random, times: number): void {
  const whole = inOrder(detector.scan(text));
  for (let i = 0; i < times; i++) {
    const pieces = cutAtRandom(text, random.pick([1, 4, 20, 200]), random);
    expect(scanInPieces(detector, pieces), JSON.stringify(pieces)).toEqual(whole);
  }
}

/** Random pieces of the given kinds, run together. */
export function jumble(pieces: readonly string[], count: number, random: Random): string {
  // A few of them often, so that they meet.
  const few = Array.from({ length: 4 }, () => random.pick(pieces));
  return Array.from({ length: count }, () => random.pick(random.below(3) === 0 ? pieces : few)).join('');
}

/** Any code units at all, in any pieces: halves of characters, too. */
export const anyPieces: fc.Arbitrary<readonly string[]> = fc.array(
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  { maxLength: 10 },
);
