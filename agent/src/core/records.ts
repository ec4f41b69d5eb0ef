import type { Action, AppIdentity, Mode, PolicyIdentity } from './decision.ts';
import type { Operation, Usage } from './exchange.ts';
import type { SpendNote } from './spend.ts';
import type { NanoUsd } from './units.ts';

/** One governed exchange as the ledger and the audit log keep it. Holds no prompt or response text. */
export interface ExchangeRecord {
  /** Equals the decision id that the caller saw. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly device: string;
  /** The signed-in person, or a pseudonym if the policy asks for one. */
  readonly user: string;
  readonly app: AppIdentity;
  readonly service: string;
  readonly host: string;
  readonly operation: Operation;
  readonly model: string | undefined;
  readonly mode: Mode;
  /** Name of the virtual key the call was made with, in gateway mode; never the key itself. */
  readonly key?: string;
  readonly decision: Action;
  readonly effective: Action;
  /** Every rule's part, without findings' places; enough for `postern explain <id>`. */
  readonly reasons: readonly RecordedReason[];
  /** How often each kind was found: `{"aws-access-key-id": 1}`. */
  readonly findings: Readonly<Record<string, number>>;
  /** Detectors that searched the request, by key, each with the kinds it found: what a replay can know without text. */
  readonly detectors: Readonly<Record<string, readonly string[]>>;
  readonly result: 'complete' | 'refused' | 'client-aborted' | 'upstream-failed' | 'cut';
  readonly cause: string | undefined;
  readonly status: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly usage: Usage | undefined;
  /** True if tokens were estimated because the provider reported none. */
  readonly usageEstimated: boolean;
  readonly cost: Cost | undefined;
  /** What was expected of the call's cost, and what the tightest budget had left then. */
  readonly spend?: SpendNote;
  readonly addedMs: number;
  readonly policy: PolicyIdentity;
  /** Only if the policy's `privacy.content` stores it. */
  readonly content?: { readonly request: string | undefined; readonly response: string | undefined };
}

export interface RecordedReason {
  readonly rule: string;
  readonly action: Action;
  readonly text: string;
  /** The security team's own words, as they stood in the policy then. */
  readonly message?: string;
}

export interface Cost {
  readonly nanoUsd: NanoUsd;
  /** True if the model's price is unknown and a relative's price was used, or if the tokens are an estimate. */
  readonly estimated: boolean;
  /** The priced model's name in the price book. */
  readonly pricedAs: string;
}

/** Something worth the audit log that is not an exchange: policy changed, agent started, handshake refused. */
export interface EventRecord {
  readonly id: string;
  readonly atMs: number;
  readonly code: string;
  readonly detail: string;
  readonly policy: PolicyIdentity;
}

/** Where records go. Writes are queued and committed in batches off the event loop. */
export interface Recorder {
  exchange(record: ExchangeRecord): void;
  event(record: EventRecord): void;
  /** Resolves once everything handed over so far is committed to disk. */
  flush(): Promise<void>;
}

/** The log leaves the device as it was hashed (JSON lines), as a table for people, or as collectors (SIEM) read it. */
export const EXPORT_FORMATS = ['jsonl', 'csv', 'cef', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
