import type { Action } from '../../core/decision.ts';
import type { ExchangeBody } from '../audit/body.ts';

export type UsageGroup = 'app' | 'model' | 'key' | 'service' | 'user' | 'day';

export interface UsageQuery {
  readonly by: UsageGroup;
  /** Calls that started at or after this moment. */
  readonly sinceMs: number;
  /** Calls that started before this moment; no end if absent. */
  readonly untilMs?: number;
  /** Days are counted in this offset from UTC; 0 if absent. */
  readonly utcOffsetMinutes?: number;
}

/** One group's sums. Token sums leave out calls of which nothing is known; `unpriced` counts calls without a price. */
export interface UsageRow {
  /** App, model, key, service or user as recorded, or the day as `2026-11-23`; undefined where the call had none. */
  readonly name: string | undefined;
  readonly calls: number;
  readonly blocked: number;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly nanoUsd: number;
  /** Of `nanoUsd`, what rests on an estimate of price or tokens. */
  readonly estimatedNanoUsd: number;
  readonly unpriced: number;
}

export interface UsageReport {
  readonly by: UsageGroup;
  readonly sinceMs: number;
  /** Dearest first; days in order. */
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
  /** Calls whose details could not be kept (full disk); not part of rows and total. */
  readonly dropped: { readonly calls: number; readonly nanoUsd: number };
}

export interface ExchangeFilter {
  readonly sinceMs?: number;
  /** Calls that started before this moment. */
  readonly untilMs?: number;
  readonly app?: string;
  readonly model?: string;
  readonly service?: string;
  readonly effective?: Action;
  /** Only calls that were stopped: blocked, or held until a reason is given. */
  readonly stopped?: boolean;
  /** Somewhere in app, service, host, model, rules or kinds found, or the beginning of the id; case doesn't matter. */
  readonly search?: string;
}

/** An app as the record knows it. */
export interface SeenApp {
  readonly id: string;
  readonly calls: number;
  readonly blocked: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Calls by service and mode. */
  readonly services: readonly { readonly id: string; readonly mode: string; readonly calls: number }[];
}

/** Newest first; pass the last row's `sequence` as `before` for the next page. */
export interface ExchangePage {
  readonly limit?: number;
  readonly before?: number;
}

export interface StoredExchange extends ExchangeBody {
  readonly sequence: number;
  /** Only where the policy kept text. */
  readonly content?: { readonly request?: string; readonly response?: string };
}

export type RecordQuery =
  | { readonly type: 'spend' }
  | { readonly type: 'usage'; readonly query: UsageQuery }
  | { readonly type: 'list'; readonly page: ExchangePage; readonly filter: ExchangeFilter }
  | { readonly type: 'find'; readonly id: string }
  | { readonly type: 'apps' };
