export interface RelayLimits {
  /** A bigger message, compressed or inflated, gets its sender a Close with 1009. */
  readonly maxMessageBytes: number;
  /** How long a peer may take to answer the other's Close frame. */
  readonly closeTimeoutMs: number;
  /** How long both may take to hang up once all is said. */
  readonly lingerMs: number;
}
