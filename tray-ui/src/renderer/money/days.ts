import type { UsageReport } from '../../../../agent/src/serve/contract.ts';

export interface Day {
  /** Local midnight. */
  readonly atMs: number;
  readonly nanoUsd: number;
  readonly exchanges: number;
  readonly blocked: number;
}

/** Every day of the period, also those on which nothing happened. */
export function everyDay(rows: UsageReport['rows'], sinceMs: number, days: number): readonly Day[] {
  const known = new Map(rows.map((row) => [row.key, row]));
  return Array.from({ length: days }, (_, number) => {
    const date = new Date(sinceMs);
    date.setDate(date.getDate() + number);
    const row = known.get(dayKey(date));
    return {
      atMs: date.getTime(),
      nanoUsd: row?.nanoUsd ?? 0,
      exchanges: row?.exchanges ?? 0,
      blocked: row?.blocked ?? 0,
    };
  });
}

/** As the agent names a day: `2026-11-23`, in the person's own time. */
const dayKey = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
