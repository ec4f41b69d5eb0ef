import type { Confidence, Severity } from '../../core/finding.ts';

/** Something written like one of the kinds, to be judged by its surroundings. */
export interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly shape: string;
  /** Digits and capital letters, without separators. */
  readonly characters: string;
  /** See context.ts. */
  readonly context: string;
  /** True if one of the same kind stands shortly before: a list or a column needs its name only once. */
  readonly follows: (kind: string) => boolean;
}

export interface Judged {
  readonly confidence: Confidence;
  /** Where the word that names it stands in the context, or -1: of two readings the nearer named one is right. */
  readonly namedAt: number;
}

/** What can be read at the start of a word. */
export interface Reading {
  readonly kind: string;
  readonly label: string;
  readonly severity: Severity;
  readonly shapes: readonly string[];
  judge(candidate: Candidate): Judged | undefined;
}
