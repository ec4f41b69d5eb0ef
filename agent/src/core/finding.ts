import type { PartKind, Role } from './exchange.ts';

export type Confidence = 'low' | 'medium' | 'high';
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** What a detector saw in one text. Offsets are UTF-16 code units into that text. */
export interface Match {
  /** Stable kebab-case id of what was found: `aws-access-key-id`. */
  readonly kind: string;
  /** Its name in the employee's words: `AWS access key`. */
  readonly label: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The sensitive characters themselves (not their context), end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A match, placed in the exchange. Never carries the matched text itself. */
export interface Finding extends Match {
  readonly detector: string;
  readonly direction: 'request' | 'response';
  /** RFC 6901 pointer of the string that holds it (request), or the channel name (response). */
  readonly place: string;
  readonly partKind: PartKind | 'refusal';
  readonly role: Role;
}

/** Finds things in text. Pure: no clock, no I/O. May throw; the guardrail's failure mode then decides. */
export interface Detector {
  readonly id: string;
  /** All matches in a complete text, by start offset. */
  scan(text: string): readonly Match[];
  /** The same, for text that arrives in pieces. */
  openStream(): StreamScanner;
}

/**
 * Scans one growing text. The set of matches never depends on how the text was cut into deltas.
 * Offsets count from the start of the whole text.
 */
export interface StreamScanner {
  push(delta: string): StreamScan;
  /** No more text: what was only waiting for a terminator is decided now. */
  end(): StreamScan;
}

export interface StreamScan {
  /** Matches that have become certain, each reported once. */
  readonly matches: readonly Match[];
  /** No later match can start before this offset: text up to here may be released. */
  readonly safeUpTo: number;
}
