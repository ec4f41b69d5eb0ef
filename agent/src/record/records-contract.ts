/** What the record room offers to whoever wires it: options, health, and the reading side of `Records`. */
import type { Outbox } from '../core/outbox.ts';
import type { Recorder } from '../core/records.ts';
import type { SpendChanges, SpendSnapshot } from '../core/spend.ts';
import type {
  ExchangeFilter,
  ExchangePage,
  SeenApp,
  StoredExchange,
  UsageQuery,
  UsageReport,
} from './reports/query.ts';
import type { DurabilitySettings } from './writer-protocol.ts';

export interface RecordsOptions {
  /** Path of `postern.db`; its directory is made if needed and kept 0700. */
  readonly file: string;
  /** Ed25519 key of the audit log, made at first start; `audit-key.pem` beside the database if absent. */
  readonly keyFile?: string;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** Of the policy in force; asked at every clean-up. */
  readonly retentionDays: () => number;
  /** Whether the policy in force lets any text be kept; asked for every record that carries some. */
  readonly contentAllowed: () => boolean;
  readonly log?: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** While running, the database was found damaged, set aside, and a new one made: what isn't in the log is gone. */
  readonly onReplaced?: (setAside: string) => void;
  /** Upper limit of the database file; writing more is answered like a full disk. */
  readonly maxBytes?: number;
  /** Characters of JSON queued before detail is given up; 16 million if absent. */
  readonly maxQueuedChars?: number;
}

export type RecordsState = 'ok' | 'disk-full' | 'write-failing' | 'stalled' | 'closed';

export interface RecordsHealth {
  readonly state: RecordsState;
  /** One sentence for a person, undefined while all is well. */
  readonly problem: string | undefined;
  readonly queued: number;
  readonly committed: number;
  /** Records whose detail was given up since the start. */
  readonly dropped: number;
  /** Where a damaged database was moved to, by this run. */
  readonly setAside: string | undefined;
  /** As SQLite reports them; undefined only before the database was first opened. */
  readonly durability: DurabilitySettings | undefined;
}

export interface Records extends Recorder {
  health(): RecordsHealth;
  usageReport(query: UsageQuery): Promise<UsageReport>;
  listExchanges(page?: ExchangePage, filter?: ExchangeFilter): Promise<readonly StoredExchange[]>;
  findExchange(id: string): Promise<StoredExchange | undefined>;
  /** Deletes what is older than the policy keeps; returns how many records. Also runs by itself every hour. */
  applyRetention(): Promise<number>;
  seenApps(): Promise<readonly SeenApp[]>;
  /** Deletes all text that the policy let be kept; returns of how many exchanges. The record of the calls stays. */
  deleteContents(): Promise<number>;
  /** What budgets have counted, as an earlier run left it. */
  loadSpend(): Promise<SpendSnapshot>;
  /** Rejects if it can't be written now; all of it may be offered again. */
  saveSpend(changes: SpendChanges): Promise<void>;
  /** What collectors don't have yet. */
  readonly outbox: Outbox;
  /** Commits what is queued and closes; gives up after 4 s. */
  close(): Promise<void>;
}
