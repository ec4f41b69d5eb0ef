import type { ExportFormat } from './records.ts';

/**
 * What is still to be delivered to each collector. The audit log is the queue: a destination's place in it is kept
 * beside the log, so a record waits for delivery from the very transaction that wrote it, and costs nothing more.
 */
export interface Outbox {
  /** The places of all others are forgotten, which the log tells; a new one begins with this run's first record. */
  open(destinations: readonly string[]): Promise<void>;
  /** The oldest records that the destination doesn't have. Asking again gives the same ones until they are settled. */
  take(question: OutboxQuestion): Promise<OutboxBatch>;
  /** The destination has everything up to there, or will never take it. Durable once it resolves. */
  settle(settlement: Settlement): Promise<void>;
}

export interface OutboxQuestion {
  readonly destination: string;
  /** `entry`: named attributes, for OTLP and structured data; else a line as `audit export` writes it. */
  readonly format: 'entry' | Exclude<ExportFormat, 'csv'>;
  readonly maxRecords: number;
  /** Of the records as the log holds them; one record may be larger. */
  readonly maxBytes: number;
  /** More than this may not wait: then calls that were merely allowed are given up first, oldest first. */
  readonly capBytes: number;
  readonly nowMs: number;
  /** News that no log holds, written in the same format. */
  readonly notices: readonly Notice[];
  readonly worksCouncil?: WorksCouncil | undefined;
  /** False: the newest signed head doesn't go along. */
  readonly withHead?: boolean;
}

/** Sent people stay pseudonymous, allowed calls aren't sent one by one, and nothing tells how much a person does. */
export interface WorksCouncil {
  /** Of the HMAC that makes pseudonyms; never leaves the device. */
  readonly key: string;
  readonly deviceId: string;
}

export interface Notice {
  readonly code: string;
  readonly atMs: number;
  readonly detail: string;
}

export interface OutboxBatch {
  /** Of the database that was asked: settling with another one's does nothing, and the records come again. */
  readonly epoch: string;
  readonly records: readonly OutboxRecord[];
  /** Settle up to here once the records are delivered. */
  readonly upTo: number;
  /** Size of the tree head among the records, if there is one. */
  readonly headSize: number | undefined;
  readonly state: OutboxState;
}

export interface OutboxState {
  readonly waiting: { readonly records: number; readonly bytes: number };
  /** Ever given up, so as to stay below the cap or because the policy's retention ended. */
  readonly dropped: number;
  /** Ever refused by the destination itself. */
  readonly rejected: number;
}

export const SEVERITIES = ['info', 'notice', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type EntryValue = string | number | boolean | readonly string[];

export interface OutboxRecord {
  /** The same whenever this record is sent: a collector may drop what it has. */
  readonly uid: string;
  /** Place in the log; undefined for heads and notices. */
  readonly sequence: number | undefined;
  readonly atMs: number;
  /** `postern.ai_call`, or `postern.` and the event's code. */
  readonly name: string;
  readonly severity: Severity;
  /** The line, or for `entry` one sentence. */
  readonly text: string;
  /** Only for `entry`. */
  readonly attributes: Readonly<Record<string, EntryValue | undefined>>;
}

export interface Settlement {
  readonly destination: string;
  readonly epoch: string;
  readonly upTo: number;
  readonly headSize: number | undefined;
  /** How many of them the destination refused for good. */
  readonly rejected: number;
}
