/** Read-only access for the command line: works with no agent running, and beside one. */
import type { SpendSnapshot } from '../core/spend.ts';
import { openForReading } from './database.ts';
import { findExchange, listExchanges } from './reports/exchanges.ts';
import type {
  ExchangeFilter,
  ExchangePage,
  StoredExchange,
  UsageQuery,
  UsageReport,
} from './reports/query.ts';
import { usageReport } from './reports/usage.ts';
import { loadSpend } from './spend-store.ts';

export interface RecordReader {
  loadSpend(): SpendSnapshot;
  usageReport(query: UsageQuery): UsageReport;
  listExchanges(page?: ExchangePage, filter?: ExchangeFilter): readonly StoredExchange[];
  findExchange(id: string): StoredExchange | undefined;
  close(): void;
}

/** Throws RecordError `no-database`, `older-database`, `newer-database` or `corrupt`. */
export function openReader(file: string): RecordReader {
  const database = openForReading(file);
  return {
    loadSpend: () => loadSpend(database),
    usageReport: (query) => usageReport(database, query),
    listExchanges: (page, filter) => listExchanges(database, page, filter),
    findExchange: (id) => findExchange(database, id),
    close: () => {
      database.close();
    },
  };
}
