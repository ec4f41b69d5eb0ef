import type { UsageReport as StoredReport, UsageQuery, UsageRow } from '../record/reports/query.ts';
import type { UsageGroup, UsageReport } from '../serve/contract.ts';

/** Days are a person's days: they begin at midnight here. */
export const usageQuery = (
  by: UsageGroup,
  sinceMs: number | undefined,
  untilMs: number | undefined,
): UsageQuery => ({
  by,
  sinceMs: sinceMs ?? 0,
  ...(untilMs === undefined ? {} : { untilMs }),
  utcOffsetMinutes: -new Date().getTimezoneOffset(),
});

/** The stored report in the contract's words. */
export function usageView(report: StoredReport, untilMs: number): UsageReport {
  const { by, sinceMs, rows, total } = report;
  return {
    by,
    sinceMs,
    untilMs,
    rows: rows.map((row) => ({ key: row.name ?? '(none)', ...figures(row) })),
    total: figures(total),
  };
}

const figures = (row: UsageRow) => ({
  exchanges: row.calls,
  blocked: row.blocked,
  inputTokens: row.inputTokens,
  outputTokens: row.outputTokens,
  nanoUsd: row.nanoUsd,
  estimated: row.estimatedNanoUsd > 0 || row.unpriced > 0,
});
