/** Streams the log: a page at a time, so that a slow reader never holds a transaction open. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openForReading } from '../database.ts';
import type { ChainedBody } from './body.ts';

const PAGE_RECORDS = 500;
const POLL_MS = 250;

export interface AuditEntry {
  readonly body: ChainedBody;
  /** The canonical JSON that was hashed. */
  readonly text: string;
}

/** Oldest first. Throws RecordError as `openForReading`. */
export function* readAudit(
  file: string,
  { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER, after = 0 } = {},
): Generator<AuditEntry> {
  const database = openForReading(file);
  try {
    const page = database.prepare<[number, number, number, number], { sequence: number; body: string }>(
      'SELECT sequence, body FROM audit WHERE sequence > ? AND at_ms >= ? AND at_ms < ? ORDER BY sequence LIMIT ?',
    );
    let last = after;
    for (;;) {
      const rows = page.all(last, sinceMs, untilMs, PAGE_RECORDS);
      for (const row of rows) {
        last = row.sequence;
        yield { body: JSON.parse(row.body) as ChainedBody, text: row.body };
      }
      if (rows.length < PAGE_RECORDS) return;
    }
  } finally {
    database.close();
  }
}

export interface TailOptions {
  /** How many of the newest records to begin with; 10 if absent. */
  readonly last?: number;
  /** Go on with what is written from now on, until the signal aborts. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** The newest records, oldest of them first; with `follow`, then every new one within a quarter of a second. */
export async function* tailAudit(file: string, options: TailOptions = {}): AsyncGenerator<AuditEntry> {
  let after = Math.max(0, newestSequence(file) - (options.last ?? 10));
  for (;;) {
    for (const entry of readAudit(file, { after })) {
      after = entry.body.sequence;
      yield entry;
    }
    if (options.follow !== true || !(await pause(options.signal))) return;
    // A new database in place of a damaged one starts to count again.
    after = Math.min(after, newestSequence(file));
  }
}

function newestSequence(file: string): number {
  const database = openForReading(file);
  try {
    return database.prepare<[], number | null>('SELECT max(sequence) FROM audit').pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

/** False once the signal has aborted. */
async function pause(signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}
