import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Finding } from '../../agent/src/core/finding.ts';
import { maskFor } from '../../agent/src/core/placeholder.ts';
import {
  editsFor as editsForRemovals,
  type Removal,
  type Stretch,
} from '../../agent/src/decide/redaction.ts';
import { findingOf } from '../kit/decide.ts';

const removal = (finding: Finding, more: Partial<Removal> = {}): Removal => ({
  finding,
  reversible: false,
  restoreInToolCalls: false,
  ...more,
});
const mask = ({ named }: Stretch): string => maskFor(named.kind);
const editsFor = (findings: readonly Finding[]) =>
  editsForRemovals(
    findings.map((finding) => removal(finding)),
    mask,
  );

it('makes a stretch reversible only if every rule on it says so', () => {
  const seen: Stretch[] = [];
  const both = { reversible: true, restoreInToolCalls: true };
  editsForRemovals(
    [
      removal(findingOf({ start: 0, end: 4 }), both),
      removal(findingOf({ start: 2, end: 6 }), { ...both, restoreInToolCalls: false }),
      removal(findingOf({ start: 10, end: 14 }), both),
      removal(findingOf({ start: 12, end: 13 })),
      removal(findingOf({ start: 20, end: 24 }), both),
    ],
    (stretch) => {
      seen.push(stretch);
      return 'x';
    },
  );
  expect(seen.map(({ reversible, restoreInToolCalls }) => [reversible, restoreInToolCalls])).toEqual([
    [true, false],
    [false, false],
    [true, true],
  ]);
});

it('merges overlaps under the name of the gravest, and keeps neighbours apart', () => {
  const edits = editsFor([
    findingOf({ start: 5, end: 10, kind: 'mild', severity: 'low' }),
    findingOf({ start: 8, end: 12, kind: 'grave', severity: 'critical' }),
    findingOf({ start: 12, end: 14, kind: 'next', severity: 'low' }),
    findingOf({ start: 0, end: 3, place: '/other' }),
  ]);
  expect(edits).toEqual([
    { place: '/messages/0/content', start: 5, end: 12, replacement: '[REDACTED:grave]' },
    { place: '/messages/0/content', start: 12, end: 14, replacement: '[REDACTED:next]' },
    { place: '/other', start: 0, end: 3, replacement: '[REDACTED:aws-access-key-id]' },
  ]);
});

it('covers exactly what was found, in order, without overlap, whatever the order of findings', () => {
  const finding = fc
    .record({
      place: fc.constantFrom('/a', '/b'),
      start: fc.nat(30),
      length: fc.integer({ min: 1, max: 10 }),
      severity: fc.constantFrom('low' as const, 'critical' as const),
    })
    .map(({ place, start, length, severity }) => findingOf({ place, start, end: start + length, severity }));
  const covered = (spans: readonly { place: string; start: number; end: number }[]) =>
    new Set(
      spans.flatMap(({ place, start, end }) =>
        Array.from({ length: end - start }, (_, i) => `${place}${start + i}`),
      ),
    );
  fc.assert(
    fc.property(fc.array(finding, { maxLength: 12 }), (findings) => {
      const edits = editsFor(findings);
      expect(covered(edits)).toEqual(covered(findings));
      for (const [i, edit] of edits.entries()) {
        const next = edits[i + 1];
        if (next?.place === edit.place) expect(next.start).toBeGreaterThanOrEqual(edit.end);
      }
      expect(editsFor([...findings].reverse()).map(({ start, end }) => [start, end])).toEqual(
        edits.map(({ start, end }) => [start, end]),
      );
    }),
  );
});
