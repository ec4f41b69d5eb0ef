/** A detector's promise to streams, put to the test: the same matches however a text is cut, none in text given free. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Detector, Match } from '../../agent/src/core/finding.ts';
import { cutAtRandom, type Random } from './random-text.ts';

/** Feeds the pieces; checks at every step that no match starts before what was already declared safe. */
export function scanInPieces(detector: Detector, pieces: readonly string[]): readonly Match[] {
  const stream = detector.openStream();
  const matches: Match[] = [];
  let safeUpTo = 0;
  let length = 0;
  for (const piece of [...pieces, undefined]) {
    const scan = piece === undefined ? stream.end() : stream.push(piece);
    length += piece?.length ?? 0;
    for (const match of scan.matches) expect(match.start, match.kind).toBeGreaterThanOrEqual(safeUpTo);
    expect(scan.safeUpTo).toBeGreaterThanOrEqual(safeUpTo);
    expect(scan.safeUpTo).toBeLessThanOrEqual(length);
    ({ safeUpTo } = scan);
    matches.push(...scan.matches);
  }
  expect(safeUpTo).toBe(length);
  return inOrder(matches);
}

/** Cuts `text` at random, `times` times over. */
export function expectSameInPieces(detector: Detector, text: string, random: Random, times: number): void {
  const whole = inOrder(detector.scan(text));
  for (let i = 0; i < times; i++) {
    const pieces = cutAtRandom(text, random.pick([1, 4, 20, 200]), random);
    expect(scanInPieces(detector, pieces), JSON.stringify(pieces)).toEqual(whole);
  }
}

const inOrder = (matches: readonly Match[]): readonly Match[] =>
  [...matches].sort((a, b) => a.start - b.start || a.end - b.end || (a.kind < b.kind ? -1 : 1));

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
