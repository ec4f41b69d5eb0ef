import type { Edit } from '../core/decision.ts';
import type { Finding } from '../core/finding.ts';
import { SEVERITIES } from './ranks.ts';

/** What takes the place of a removed text. Typed, so that the model knows what was there, and stable, so that caches hold. */
const placeholder = (kind: string): string => `[REDACTED:${kind}]`;

/**
 * One edit for each stretch of text to be removed, by place, then from the start. Findings that overlap are removed
 * together under the name of the gravest (the longest, among equals).
 */
export function editsFor(findings: readonly Finding[]): readonly Edit[] {
  const ordered = [...findings].sort(
    (a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0) || a.start - b.start || b.end - a.end,
  );
  const edits: Edit[] = [];
  let stretch: { place: string; start: number; end: number; named: Finding } | undefined;
  for (const finding of ordered) {
    if (finding.end <= finding.start) continue;
    if (stretch !== undefined && stretch.place === finding.place && finding.start < stretch.end) {
      stretch.end = Math.max(stretch.end, finding.end);
      if (graver(finding, stretch.named)) stretch.named = finding;
      continue;
    }
    if (stretch !== undefined) edits.push(toEdit(stretch));
    stretch = { place: finding.place, start: finding.start, end: finding.end, named: finding };
  }
  if (stretch !== undefined) edits.push(toEdit(stretch));
  return edits;
}

function toEdit({
  place,
  start,
  end,
  named,
}: {
  place: string;
  start: number;
  end: number;
  named: Finding;
}): Edit {
  return { place, start, end, replacement: placeholder(named.kind) };
}

function graver(a: Finding, b: Finding): boolean {
  const difference = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return difference > 0 || (difference === 0 && a.end - a.start > b.end - b.start);
}
