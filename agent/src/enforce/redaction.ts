import type { Edit } from '../core/decision.ts';

/** One stretch of text to be replaced. Offsets are UTF-16 code units, end exclusive. */
export interface Redaction {
  readonly start: number;
  readonly end: number;
  readonly placeholder: string;
  /** Breaks ties between redactions that start together: the lowest names the placeholder. */
  readonly rank: number;
}

/** Adds one to redactions that are sorted and don't overlap. Those it overlaps melt into one, named after the first. */
export function addRedaction(all: Redaction[], added: Redaction): void {
  let from = 0;
  while (from < all.length && (all[from] as Redaction).end <= added.start) from++;
  let to = from;
  let merged = added;
  for (; to < all.length && (all[to] as Redaction).start < merged.end; to++) {
    merged = merge(merged, all[to] as Redaction);
  }
  all.splice(from, to - from, merged);
}

function merge(a: Redaction, b: Redaction): Redaction {
  const first = a.start - b.start || a.rank - b.rank || (a.placeholder < b.placeholder ? -1 : 1);
  const { placeholder, rank } = first <= 0 ? a : b;
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end), placeholder, rank };
}

/**
 * Edits for the piece `[start, end)` of a text, with offsets into that piece, in order. A redaction that began in an
 * earlier piece only deletes here: its placeholder is already out.
 */
export function editsWithin(
  redactions: readonly Redaction[],
  place: string,
  start: number,
  end: number,
): Edit[] {
  const edits: Edit[] = [];
  for (const redaction of redactions) {
    if (redaction.start >= end) break;
    if (redaction.end <= start) continue;
    edits.push({
      place,
      start: Math.max(redaction.start, start) - start,
      end: Math.min(redaction.end, end) - start,
      replacement: redaction.start >= start ? redaction.placeholder : '',
    });
  }
  return edits;
}
