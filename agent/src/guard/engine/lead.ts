/** `length` characters of `set` before the keyword. The first `shown` of them aren't part of the match, so that a stream needn't hold back every short word. */
export interface Lead {
  /** A regular expression of one character: `[0-9a-f]`. */
  readonly set: string;
  readonly length: number;
  readonly shown: number;
}
