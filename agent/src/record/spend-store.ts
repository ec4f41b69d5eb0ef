/** Keeps what budgets have counted. Every row is absolute, so that writing it twice changes nothing. */
import SqliteDatabase, { type Database, type Statement } from 'better-sqlite3';
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

interface Statements {
  readonly putSlot: Statement<[SpendSlotRow]>;
  readonly dropSlot: Statement<[Pick<SpendSlotRow, 'budget' | 'subject' | 'startMs'>]>;
  readonly putHold: Statement<[SpendHoldRow]>;
  readonly dropHold: Statement<[string]>;
  readonly putClock: Statement<[number]>;
}

/** Preparing costs more than running; a database that was replaced has its own. */
const prepared = new WeakMap<Database, Statements>();

function statementsOf(database: Database): Statements {
  let statements = prepared.get(database);
  if (statements === undefined) {
    statements = {
      putSlot: database.prepare(
        `INSERT INTO budget_slots (budget, subject, start_ms, nano_usd, tokens, warned)
         VALUES (@budget, @subject, @startMs, @nanoUsd, @tokens, @warned)
         ON CONFLICT DO UPDATE SET nano_usd = excluded.nano_usd, tokens = excluded.tokens, warned = excluded.warned`,
      ),
      dropSlot: database.prepare(
        'DELETE FROM budget_slots WHERE budget = @budget AND subject = @subject AND start_ms = @startMs',
      ),
      putHold: database.prepare(
        `INSERT INTO budget_holds (call_id, budget, subject, nano_usd, tokens)
         VALUES (@callId, @budget, @subject, @nanoUsd, @tokens)
         ON CONFLICT DO UPDATE SET nano_usd = excluded.nano_usd, tokens = excluded.tokens`,
      ),
      dropHold: database.prepare('DELETE FROM budget_holds WHERE call_id = ?'),
      putClock: database.prepare(
        'INSERT INTO budget_clock (id, seen_ms) VALUES (1, ?) ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms',
      ),
    };
    prepared.set(database, statements);
  }
  return statements;
}

/** All of it in one transaction: a call's charge and the end of its hold must not come apart. */
export function saveSpend(database: Database, changes: SpendChanges): void {
  const { putSlot, dropSlot, putHold, dropHold, putClock } = statementsOf(database);
  database
    .transaction(() => {
      for (const { budget, subject, startMs } of changes.goneSlots) {
        dropSlot.run({ budget, subject, startMs: Math.round(startMs) });
      }
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
  nanoUsd: Math.min(Math.ceil(row.nanoUsd), Number.MAX_SAFE_INTEGER),
  tokens: Math.min(Math.ceil(row.tokens), Number.MAX_SAFE_INTEGER),
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
