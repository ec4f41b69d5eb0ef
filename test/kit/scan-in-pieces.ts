import { expect } from 'vitest';
import type { Detector, Match } from '../../agent/src/core/finding.ts';

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
    safeUpTo = scan.safeUpTo;
    matches.push(...scan.matches);
  }
  expect(safeUpTo).toBe(length);
  return inOrder(matches);
}

/** Detectors merged from several report each part's matches when they are certain. */
export const inOrder = (matches: readonly Match[]): readonly Match[] =>
  [...matches].sort((a, b) => a.start - b.start || a.end - b.end || (a.kind < b.kind ? -1 : 1));
