/** The outbox's statements. */
import type { Database, Statement } from 'better-sqlite3';
import type { SignedRow } from '../audit/heads.ts';
import { missingRuns, type Run } from './gap.ts';
import type { OutboxRow } from './outbox-record.ts';

/** How dear a record is: 0 is given up first, 2 never. As in the queue before the log. */
export type Rank = 0 | 1 | 2;

/** One destination's place in the log. */
export interface Place {
  readonly settled: number;
  /** Allowed calls up to here were given up. */
  readonly shedAllowed: number;
  readonly shedWarned: number;
  readonly headSize: number;
  readonly dropped: number;
  readonly rejected: number;
}

const RANKED = `
  SELECT audit.sequence AS sequence, audit.body AS body, audit.hash AS hash, octet_length(audit.body) AS bytes,
    audit.at_ms AS atMs,
    CASE
      WHEN exchanges.sequence IS NULL THEN 2
      WHEN exchanges.decision = 'allow' AND exchanges.effective = 'allow' THEN 0
      WHEN exchanges.decision IN ('allow', 'warn') AND exchanges.effective IN ('allow', 'warn') THEN 1
      ELSE 2
    END AS rank
  FROM audit LEFT JOIN exchanges USING (sequence)`;
const TO_SEND =
  'rank >= :least AND NOT (rank = 0 AND sequence <= :shedAllowed) AND NOT (rank = 1 AND sequence <= :shedWarned)';

export class OutboxRows {
  readonly #place: Statement<[string], Place>;
  readonly #begin: Statement<[string, number]>;
  readonly #forget: Statement<[string]>;
  readonly #next: Statement<[object], OutboxRow>;
  readonly #sum: Statement<[object], { records: number; bytes: number }>;
  readonly #ofRank: Statement<[object], { sequence: number; bytes: number }>;
  readonly #settle: Statement<[number, number, number, string]>;
  readonly #shed: Statement<[number, number, number, string]>;
  readonly #skip: Statement<[number, number, string]>;
  readonly #head: Statement<[], SignedRow>;
  readonly #oldest: Statement<[], number | null>;
  readonly #pruned: Statement<[], number | null>;
  readonly #present: Statement<[number, number], number>;
  readonly #count: Statement<[number, number], number>;
  readonly #destinations: Statement<[], string>;

  constructor(database: Database) {
    this.#place = database.prepare(
      `SELECT settled, shed_allowed AS shedAllowed, shed_warned AS shedWarned, head_size AS headSize, dropped, rejected
       FROM outbox WHERE destination = ?`,
    );
    this.#begin = database.prepare(
      'INSERT INTO outbox VALUES (?, ?, 0, 0, 0, 0, 0) ON CONFLICT (destination) DO NOTHING',
    );
    this.#forget = database.prepare('DELETE FROM outbox WHERE destination = ?');
    this.#next = database.prepare(
      `SELECT sequence, body, hash, bytes, atMs FROM (${RANKED} WHERE audit.sequence > :settled) WHERE ${TO_SEND}
       ORDER BY sequence LIMIT :limit`,
    );
    this.#sum = database.prepare(
      `SELECT count(*) AS records, coalesce(sum(bytes), 0) AS bytes
       FROM (${RANKED} WHERE audit.sequence > :after AND audit.sequence <= :upTo) WHERE ${TO_SEND}`,
    );
    this.#ofRank = database.prepare(
      `SELECT sequence, bytes FROM (${RANKED} WHERE audit.sequence > :after) WHERE rank = :rank ORDER BY sequence`,
    );
    this.#settle = database.prepare(
      'UPDATE outbox SET settled = ?, head_size = ?, rejected = rejected + ? WHERE destination = ?',
    );
    this.#shed = database.prepare(
      'UPDATE outbox SET shed_allowed = ?, shed_warned = ?, dropped = dropped + ? WHERE destination = ?',
    );
    this.#skip = database.prepare(
      'UPDATE outbox SET settled = ?, dropped = dropped + ? WHERE destination = ?',
    );
    this.#head = database.prepare('SELECT * FROM heads ORDER BY size DESC LIMIT 1');
    this.#oldest = database.prepare<[], number | null>('SELECT min(sequence) FROM audit').pluck();
    this.#pruned = database.prepare<[], number | null>('SELECT max(size) FROM checkpoints').pluck();
    const between = 'FROM audit WHERE sequence > ? AND sequence <= ?';
    this.#present = database
      .prepare<[number, number], number>(`SELECT sequence ${between} ORDER BY sequence`)
      .pluck();
    this.#count = database.prepare<[number, number], number>(`SELECT count(*) ${between}`).pluck();
    this.#destinations = database.prepare<[], string>('SELECT destination FROM outbox').pluck();
  }

  destinations(): string[] {
    return this.#destinations.all();
  }

  /** Keeps the place of a destination that is known already. */
  begin(destination: string, at: number): void {
    this.#begin.run(destination, at);
  }

  forget(destination: string): void {
    this.#forget.run(destination);
  }

  place(destination: string, startAt: number): Place {
    const known = this.#place.get(destination);
    if (known !== undefined) return known;
    // The database was replaced while running: all that is in the new one is news.
    this.begin(destination, startAt);
    return { settled: startAt, shedAllowed: 0, shedWarned: 0, headSize: 0, dropped: 0, rejected: 0 };
  }

  next(place: Place, least: Rank, limit: number): OutboxRow[] {
    return this.#next.all({ ...watermarks(place), settled: place.settled, least, limit });
  }

  sum(place: Place, least: Rank, after: number, upTo: number): { records: number; bytes: number } {
    return (
      this.#sum.get({ ...watermarks(place), least, after, upTo }) ?? {
        records: 0,
        bytes: 0,
      }
    );
  }

  /** The oldest records of a rank that make up that many bytes, as far as there are so many. */
  oldest(place: Place, rank: 0 | 1, bytes: number): { records: number; bytes: number; upTo: number } {
    const shed = rank === 0 ? place.shedAllowed : place.shedWarned;
    const found = { records: 0, bytes: 0, upTo: shed };
    for (const row of this.#ofRank.iterate({ rank, after: Math.max(place.settled, shed) })) {
      found.records++;
      found.bytes += row.bytes;
      found.upTo = row.sequence;
      if (found.bytes >= bytes) break;
    }
    return found;
  }

  settle(destination: string, upTo: number, headSize: number, rejected: number): void {
    this.#settle.run(upTo, headSize, rejected, destination);
  }

  shed(destination: string, { shedAllowed, shedWarned }: Place, dropped: number): void {
    this.#shed.run(shedAllowed, shedWarned, dropped, destination);
  }

  skipTo(destination: string, settled: number, dropped: number): void {
    this.#skip.run(settled, dropped, destination);
  }

  newestHead(): SignedRow | undefined {
    return this.#head.get();
  }

  oldestSequence(): number | undefined {
    return this.#oldest.get() ?? undefined;
  }

  /** Retention has deleted everything up to this number, as the log's own checkpoint says. */
  prunedUpTo(): number {
    return this.#pruned.get() ?? 0;
  }

  missing(after: number, upTo: number): Run[] {
    if (this.#count.get(after, upTo) === upTo - after) return [];
    return missingRuns(this.#present.iterate(after, upTo), after, upTo);
  }
}

const watermarks = ({ shedAllowed, shedWarned }: Place) => ({ shedAllowed, shedWarned });
