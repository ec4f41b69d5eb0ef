import type { Database } from 'better-sqlite3';
import type { UsageGroup, UsageQuery, UsageReport, UsageRow } from './query.ts';

const SUMS = `
  count(*) AS calls,
  sum(effective = 'block') AS blocked,
  coalesce(sum(input_tokens), 0) AS inputTokens,
  coalesce(sum(cache_read_tokens), 0) AS cacheReadTokens,
  coalesce(sum(cache_write_tokens), 0) AS cacheWriteTokens,
  coalesce(sum(output_tokens), 0) AS outputTokens,
  coalesce(sum(nano_usd), 0) AS nanoUsd,
  coalesce(sum(CASE WHEN cost_estimated OR tokens_estimated THEN nano_usd END), 0) AS estimatedNanoUsd,
  coalesce(sum(nano_usd IS NULL AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)), 0) AS unpriced`;

/** A fixed list: a group's name never becomes SQL. */
const EXPRESSIONS: Readonly<Record<UsageGroup, string>> = {
  app: 'app',
  model: 'model',
  key: 'key',
  service: 'service',
  user: 'user',
  day: "strftime('%Y-%m-%d', (started_at_ms + :offsetMs) / 1000, 'unixepoch')",
};

/** 64-bit integers as they come: sums of nano-dollars pass 2^53 at 9 million dollars. */
type Sums = { readonly [field in keyof Omit<UsageRow, 'name'>]: bigint | null };
type NamedSums = Sums & { readonly name: string | null };

export function usageReport(database: Database, query: UsageQuery): UsageReport {
  const offsetMs = (query.utcOffsetMinutes ?? 0) * 60_000;
  const sinceMs = Math.round(query.sinceMs);
  const untilMs = Math.round(query.untilMs ?? Number.MAX_SAFE_INTEGER);
  const order = query.by === 'day' ? 'name' : 'nanoUsd DESC, calls DESC, name';
  const rows = database
    .prepare<[object], NamedSums>(
      `SELECT ${EXPRESSIONS[query.by]} AS name, ${SUMS} FROM exchanges
       WHERE started_at_ms >= :sinceMs AND started_at_ms < :untilMs AND :offsetMs IS NOT NULL GROUP BY 1 ORDER BY ${order}`,
    )
    .safeIntegers()
    .all({ sinceMs, untilMs, offsetMs });
  const total = database
    .prepare<[number, number], Sums>(
      `SELECT ${SUMS} FROM exchanges WHERE started_at_ms >= ? AND started_at_ms < ?`,
    )
    .safeIntegers()
    .get(sinceMs, untilMs);
  return {
    by: query.by,
    sinceMs,
    rows: rows.map((row) => usageRow(row.name ?? undefined, row)),
    total: usageRow(undefined, total),
    dropped: droppedBetween(database, sinceMs, untilMs),
  };
}

function usageRow(name: string | undefined, sums: Sums | undefined): UsageRow {
  const sum = (field: keyof Sums): number => Number(sums?.[field] ?? 0n);
  return {
    name,
    calls: sum('calls'),
    blocked: sum('blocked'),
    inputTokens: sum('inputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
    outputTokens: sum('outputTokens'),
    nanoUsd: sum('nanoUsd'),
    estimatedNanoUsd: sum('estimatedNanoUsd'),
    unpriced: sum('unpriced'),
  };
}

function droppedBetween(database: Database, sinceMs: number, untilMs: number): UsageReport['dropped'] {
  const found = database
    .prepare<[number, number], { calls: number; nanoUsd: number }>(
      `SELECT coalesce(sum(body ->> 'count'), 0) AS calls, coalesce(sum(body ->> 'nanoUsd'), 0) AS nanoUsd
       FROM audit WHERE kind = 'dropped' AND at_ms >= ? AND at_ms < ?`,
    )
    .get(sinceMs, untilMs);
  return found ?? { calls: 0, nanoUsd: 0 };
}
