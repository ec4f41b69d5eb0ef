/** What follows a token's prefix: characters of one set, so that most near-misses need no expression to be told. */
export interface Run {
  /** The set as it stands in brackets: `A-Za-z0-9_-`. */
  readonly set: string;
  readonly min: number;
  /** Longer runs can't match either; undefined where a match may end inside a run. */
  readonly max: number | undefined;
}
