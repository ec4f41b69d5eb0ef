/** Somebody gave a reason for calls that a `justify` rule stops: they pass for a while. */
export interface PolicyException {
  readonly id: string;
  /** The rule it is about, and no other. */
  readonly rule: string;
  /** The app whose calls pass. */
  readonly app: string;
  /** The refused call that asked for it. */
  readonly decisionId: string;
  readonly reason: string;
  readonly grantedAtMs: number;
  readonly untilMs: number;
}
