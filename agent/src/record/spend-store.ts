/** Keeps what budgets have counted. Every row is absolute, so that writing it twice changes nothing. */
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { SpendChanges, SpendHoldRow, SpendSlotRow, SpendSnapshot } from '../core/spend.ts';
import { asRecordError } from './errors.ts';

interface SlotRow {
  readonly budget: string;
  readonly subject: string;
  readonly start_ms: number;
  readonly nano_usd: number;
  readonly tokens: number;
  readonly warned: number;
}
type HoldRow = Omit<SlotRow, 'start_ms' | 'warned'> & { readonly call_id: string };

export function loadSpend(database: Database): SpendSnapshot {
  const slots = database.prepare<[], SlotRow>('SELECT * FROM budget_slots').all();
  const holds = database.prepare<[], HoldRow>('SELECT * FROM budget_holds').all();
  const seenMs = database.prepare<[], number>('SELECT seen_ms FROM budget_clock').pluck().get() ?? 0;
  return {
    slots: slots.map(
      ({ budget, subject, start_ms, nano_usd, tokens, warned }): SpendSlotRow => ({
        budget,
        subject,
        startMs: start_ms,
        nanoUsd: nano_usd,
        tokens,
        warned,
      }),
    ),
    holds: holds.map(
      ({ call_id, budget, subject, nano_usd, tokens }): SpendHoldRow => ({
        callId: call_id,
        budget,
        subject,
        nanoUsd: nano_usd,
        tokens,
      }),
    ),
    seenMs,
  };
}

/** All of it in one transaction: a call's charge and the end of its hold must not come apart. */
export function saveSpend(database: Database, changes: SpendChanges): void {
  const putSlot = database.prepare(
    `INSERT INTO budget_slots (budget, subject, start_ms, nano_usd, tokens, warned)
     VALUES (@budget, @subject, @startMs, @nanoUsd, @tokens, @warned)
     ON CONFLICT DO UPDATE SET nano_usd = excluded.nano_usd, tokens = excluded.tokens, warned = excluded.warned`,
  );
  const dropSlot = database.prepare(
    'DELETE FROM budget_slots WHERE budget = @budget AND subject = @subject AND start_ms = @startMs',
  );
  const putHold = database.prepare(
    `INSERT INTO budget_holds (call_id, budget, subject, nano_usd, tokens)
     VALUES (@callId, @budget, @subject, @nanoUsd, @tokens)
     ON CONFLICT DO UPDATE SET nano_usd = excluded.nano_usd, tokens = excluded.tokens`,
  );
  const dropHold = database.prepare('DELETE FROM budget_holds WHERE call_id = ?');
  const putClock = database.prepare(
    'INSERT INTO budget_clock (id, seen_ms) VALUES (1, ?) ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms',
  );
  database
    .transaction(() => {
      for (const slot of changes.goneSlots) dropSlot.run({ ...slot, startMs: Math.round(slot.startMs) });
      for (const slot of changes.slots) putSlot.run(whole(slot));
      for (const id of changes.goneHolds) dropHold.run(id);
      for (const hold of changes.holds) putHold.run(whole(hold));
      putClock.run(Math.round(changes.seenMs));
    })
    .immediate();
}

/** Counts of providers are not trusted to be whole numbers, and the columns are strict. */
const whole = <Row extends { readonly nanoUsd: number; readonly tokens: number; readonly startMs?: number }>(
  row: Row,
): Row => ({
  ...row,
  nanoUsd: Math.ceil(row.nanoUsd),
  tokens: Math.ceil(row.tokens),
  ...(row.startMs !== undefined && { startMs: Math.round(row.startMs) }),
});

/** What can still be read from a database that was set aside as damaged; undefined if nothing can. */
export function readLostSpend(file: string): SpendSnapshot | undefined {
  let database: Database | undefined;
  try {
    database = new SqliteDatabase(file, { readonly: true, fileMustExist: true });
    return loadSpend(database);
  } catch (error) {
    // It was set aside because it is damaged; anything but the database's own complaint is a defect.
    asRecordError(error, file);
    return undefined;
  } finally {
    database?.close();
  }
}
