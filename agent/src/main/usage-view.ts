import type { UsageReport as StoredReport, UsageRow } from '../record/reports/query.ts';
import type { UsageReport } from '../serve/contract.ts';

/** The stored report in the contract's words. */
export function usageView(report: StoredReport, untilMs: number): UsageReport {
  const { by, sinceMs, rows, total } = report;
  if (by === 'key') throw new RangeError('usage by key is not part of the contract');
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
