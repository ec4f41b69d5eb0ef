import type { Database } from 'better-sqlite3';
import type { SeenApp } from './query.ts';

interface Row {
  readonly app: string;
  readonly service: string;
  readonly mode: string;
  readonly calls: number;
  readonly blocked: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Every app in the record, the one used last first. */
export function seenApps(database: Database): readonly SeenApp[] {
  const rows = database
    .prepare<[], Row>(
      `SELECT app, service, mode, count(*) AS calls, sum(effective = 'block') AS blocked,
         min(started_at_ms) AS firstAtMs, max(started_at_ms) AS lastAtMs
       FROM exchanges GROUP BY app, service, mode ORDER BY calls DESC`,
    )
    .all();
  const apps = new Map<string, SeenApp>();
  for (const { app, service, mode, ...row } of rows) {
    const before = apps.get(app);
    apps.set(app, {
      id: app,
      calls: (before?.calls ?? 0) + row.calls,
      blocked: (before?.blocked ?? 0) + row.blocked,
      firstAtMs: Math.min(before?.firstAtMs ?? row.firstAtMs, row.firstAtMs),
      lastAtMs: Math.max(before?.lastAtMs ?? 0, row.lastAtMs),
      services: [...(before?.services ?? []), { id: service, mode, calls: row.calls }],
    });
  }
  return [...apps.values()].sort((a, b) => b.lastAtMs - a.lastAtMs);
}
