import type { Edit } from '../core/decision.ts';
import type { Finding } from '../core/finding.ts';
import { SEVERITIES } from './ranks.ts';

/** A finding that a rule wants out of the call. */
export interface Removal {
  readonly finding: Finding;
  /** The rule lets the value be put back into the answer. */
  readonly reversible: boolean;
  readonly restoreInToolCalls: boolean;
}

/** Overlapping removals, which go together. */
export interface Stretch {
  readonly place: string;
  readonly start: number;
  end: number;
  /** The gravest, or the longest among equals. */
  named: Finding;
  /** Only if all its rules say so. */
  reversible: boolean;
  restoreInToolCalls: boolean;
}

/** One edit for each stretch of text to be removed, by place, then from the start. */
export function editsFor(
  removals: readonly Removal[],
  replacementFor: (stretch: Stretch) => string,
): readonly Edit[] {
  const ordered = removals
    .filter(({ finding }) => finding.end > finding.start)
    .sort(
      ({ finding: a }, { finding: b }) => compare(a.place, b.place) || a.start - b.start || b.end - a.end,
    );
  const stretches: Stretch[] = [];
  for (const { finding, reversible, restoreInToolCalls } of ordered) {
    const { place, start, end } = finding;
    const last = stretches.at(-1);
    if (last === undefined || last.place !== place || start >= last.end) {
      stretches.push({ place, start, end, named: finding, reversible, restoreInToolCalls });
      continue;
    }
    last.end = Math.max(last.end, end);
    if (graver(finding, last.named)) last.named = finding;
    last.reversible &&= reversible;
    last.restoreInToolCalls &&= restoreInToolCalls;
  }
  return stretches.map((stretch) => {
    const { place, start, end } = stretch;
    return { place, start, end, replacement: replacementFor(stretch) };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function graver(a: Finding, b: Finding): boolean {
  const difference = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return difference > 0 || (difference === 0 && a.end - a.start > b.end - b.start);
}
