import type { Confidence, Severity } from '../../core/finding.ts';

/**
 * Who wrote the text that is searched. `conversation`: people and programs that may give the model orders. `content`:
 * what a tool brought home (a page, a file, a mail), where an order to the model is out of place whoever it comes from.
 */
export type Origin = 'conversation' | 'content';

/** One way of giving a model orders that it shouldn't take, in all the words we know for it. */
export interface Family {
  /** Kebab-case, stable: policies name it. */
  readonly kind: string;
  /** In the employee's words: a noun that can be counted, "an …", "2 …s" or, if it ends in s, "2 × …". */
  readonly label: string;
  readonly severity: Severity;
  /** A public description of the technique. */
  readonly source: string;
  /** Absent where it is nothing unusual: a system prompt may well say "don't tell the user". */
  readonly confidence: { readonly [O in Origin]?: Confidence };
  readonly phrases: readonly Phrase[];
}

export interface Phrase {
  /** One of them begins every match. ASCII is found in any case; other scripts as written. */
  readonly starts: readonly string[];
  /** What follows. A blank stands for one to three blanks, line breaks or emphasis marks; see engine/pattern.ts. */
  readonly rest: string;
  /** True if capital letters matter. */
  readonly isExact?: boolean;
}
