import type { RemoteFailure } from './remote-check-error.ts';

/** Counts of one rule's checks, since its policy was taken over. */
export interface RemoteCounters {
  /** Requests and answers with texts that the service had to be asked about. */
  asked: number;
  answered: number;
  /** HTTP calls, and characters sent in them. */
  calls: number;
  sentChars: number;
  /** Texts whose answer was remembered, and texts outside the sample. */
  remembered: number;
  notInSample: number;
  /** How often the service was given up for a while. */
  opened: number;
  waitedMs: number;
  readonly failed: Partial<Record<RemoteFailure, number>>;
}

export const noCounts = (): RemoteCounters => ({
  asked: 0,
  answered: 0,
  calls: 0,
  sentChars: 0,
  remembered: 0,
  notInSample: 0,
  opened: 0,
  waitedMs: 0,
  failed: {},
});
