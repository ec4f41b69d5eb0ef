/** Something that isn't as it should be, and what the person can do about it: shown in `status` and by `doctor`. */
export interface Problem {
  /** Kebab-case; stays the same when the words change. */
  readonly code: string;
  readonly text: string;
  readonly mend?: string | undefined;
}
