import type { Match } from '../../core/finding.ts';
import type { Candidate } from './compile.ts';

const CONFIDENCE = { low: 0, medium: 1, high: 2 } as const;

/** One secret, one match: of candidates that overlap, the most specific is kept. Returns matches by start. */
export function settleOverlaps(candidates: Candidate[]): Match[] {
  if (candidates.length === 0) return [];
  candidates.sort((a, b) => a.start - b.start);
  const kept: Candidate[] = [];
  let cluster: Candidate[] = [];
  let clusterEnd = -1;
  for (const candidate of candidates) {
    if (candidate.start >= clusterEnd) {
      kept.push(...best(cluster));
      cluster = [];
    }
    cluster.push(candidate);
    clusterEnd = Math.max(clusterEnd, candidate.end);
  }
  kept.push(...best(cluster));
  return kept.map(toMatch);
}

/** The chosen ones of a run of overlapping candidates; depends on nothing outside the run. */
function best(cluster: Candidate[]): Candidate[] {
  if (cluster.length < 2) return cluster;
  const chosen: Candidate[] = [];
  for (const candidate of cluster.toSorted(byPreference)) {
    if (chosen.every((other) => candidate.end <= other.start || candidate.start >= other.end)) {
      chosen.push(candidate);
    }
  }
  return chosen.sort((a, b) => a.start - b.start);
}

const byPreference = (a: Candidate, b: Candidate): number =>
  b.specificity - a.specificity ||
  CONFIDENCE[b.confidence] - CONFIDENCE[a.confidence] ||
  b.end - b.start - (a.end - a.start) ||
  a.start - b.start ||
  (a.kind < b.kind ? -1 : 1);

function toMatch({ kind, label, severity, confidence, start, end }: Candidate): Match {
  return { kind, label, severity, confidence, start, end };
}
