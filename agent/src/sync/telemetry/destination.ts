import type { OutboxQuestion, OutboxRecord } from '../../core/outbox.ts';

/** Why something could not be delivered, in words for the person who reads `status`. */
export interface DeliveryProblem {
  /** Kebab-case: `proxy-credentials`, `not-a-collector`. */
  readonly code: string;
  readonly text: string;
  readonly mend?: string | undefined;
}

export type DeliveryResult =
  /** `rejected`: refused for good by a receiver that took the rest. */
  | { readonly type: 'delivered'; readonly rejected: number; readonly problem?: DeliveryProblem }
  | { readonly type: 'later'; readonly problem: DeliveryProblem; readonly retryAfterMs?: number | undefined }
  /** The receiver can't take this batch: a smaller one is tried, and a single record that it can't take is given up. */
  | { readonly type: 'unacceptable'; readonly problem: DeliveryProblem };

/** One collector, file or syslog server. */
export interface Destination {
  /** Also its name in the outbox: it must not change over restarts. */
  readonly name: string;
  readonly format: OutboxQuestion['format'];
  /** Never rejects. */
  deliver(records: readonly OutboxRecord[], signal: AbortSignal): Promise<DeliveryResult>;
}
