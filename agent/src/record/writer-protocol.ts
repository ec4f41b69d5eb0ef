/** What the main thread and the writer's thread say to each other. */
import type { SpendChanges } from '../core/spend.ts';
import type { RecordErrorCode } from './errors.ts';
import type { OutboxRequest } from './outbox/outbox-store.ts';
import type { RecordQuery } from './reports/query.ts';

export interface WriterData {
  readonly file: string;
  readonly keyFile: string;
  readonly nowMs: number;
  readonly maxBytes: number | undefined;
}

export type ToWriter =
  | {
      readonly type: 'append';
      /** JSON array of `LogItem`: one string is cheaper to hand over than a tree of objects. */
      readonly items: string;
      readonly nowMs: number;
      /** The items may have been committed by a writer that died. */
      readonly again: boolean;
    }
  | { readonly type: 'prune'; readonly call: number; readonly cutoffMs: number; readonly nowMs: number }
  | { readonly type: 'delete-contents'; readonly call: number }
  | { readonly type: 'save-spend'; readonly call: number; readonly changes: SpendChanges }
  | { readonly type: 'query'; readonly call: number; readonly query: RecordQuery }
  | { readonly type: 'outbox'; readonly call: number; readonly request: OutboxRequest }
  | { readonly type: 'close' };

export type FromWriter =
  | { readonly type: 'ready'; readonly setAside: string | undefined; readonly settings: DurabilitySettings }
  | { readonly type: 'refused'; readonly code: RecordErrorCode; readonly message: string }
  | { readonly type: 'appended'; readonly size: number; readonly setAside: string | undefined }
  | { readonly type: 'append-failed'; readonly code: RecordErrorCode; readonly message: string }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown }
  | {
      readonly type: 'call-failed';
      readonly call: number;
      readonly code: RecordErrorCode;
      readonly message: string;
    }
  | { readonly type: 'anchor-failed'; readonly message: string }
  | { readonly type: 'closed' };

/** As SQLite itself reports them on the writing connection. */
export interface DurabilitySettings {
  readonly journalMode: string;
  /** 2 is FULL. */
  readonly synchronous: number;
  readonly secureDelete: number;
  readonly fullFsync: number;
  readonly tempStore: number;
}
