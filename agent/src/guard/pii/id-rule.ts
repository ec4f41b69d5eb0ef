import type { Confidence, Severity } from '../../core/finding.ts';

/** One kind of official number: how it is written, what makes it valid, and which words announce it. */
export interface IdRule {
  /** Kebab-case, stable: policies name it. National ids begin with their country: `us-ssn`. */
  readonly kind: string;
  /** In the employee's words. */
  readonly label: string;
  readonly severity: Severity;
  /** ISO 3166-1; absent for what belongs to no country. */
  readonly country?: string;
  /** The public page or standard that defines it. */
  readonly source: string;
  /** See shapes.ts. */
  readonly shapes: readonly string[];
  /** Digits and capital letters, without separators. */
  isValid(characters: string): boolean;
  /** See context.ts. */
  readonly words: readonly string[];
  /** Confidence with one of the words before it. */
  readonly named: Confidence;
  /** Confidence without: of a number in one piece, and of one written with its separators. Absent: no finding. */
  readonly bare?: { readonly compact?: Confidence; readonly grouped?: Confidence };
  /** Numbers that everyone's documentation uses: reported with low confidence, whatever stands before them. */
  readonly examples?: readonly string[];
}

export type NationalId = IdRule & { readonly country: string };

/** All digits the same, or counted up: nobody's number. */
export const isFiller = (digits: string): boolean =>
  /^(\d)\1+$/.test(digits) || '01234567890123456789'.includes(digits);
