/**
 * Appends records to the chain and to the queryable tables, and prunes them: every change of the log is one
 * transaction that also holds the signed head. Runs in the writer's thread; knows no queue and no clock.
 */
import { randomUUID } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { AuditBody, ChainedBody, DroppedBody } from './audit/body.ts';
import { canonicalJson, type Json } from './audit/canonical.ts';
import {
  type ChainState,
  insertSigned,
  loadState,
  type SignedRow,
  signState,
  stateOf,
} from './audit/heads.ts';
import { appendLeaf, leafHash } from './audit/merkle.ts';
import type { Signer } from './audit/signing.ts';
import { asRecordError } from './errors.ts';
import { EXCHANGE_COLUMNS, type ExchangeRow, exchangeRow } from './exchange-row.ts';

export interface LogItem {
  readonly body: AuditBody;
  /** Only where the policy keeps text; never part of the chain. */
  readonly content?: { readonly request?: string | undefined; readonly response?: string | undefined };
}

export class LogWriter {
  readonly #database: Database;
  readonly #signer: Signer;
  readonly #insertAudit: Statement<[number, string, number, string, string, Buffer]>;
  readonly #insertExchange: Statement<ExchangeRow[keyof ExchangeRow][]>;
  readonly #insertContent: Statement<[number, string | null, string | null]>;
  readonly #insertHead: Statement<[SignedRow]>;
  readonly #hasId: Statement<[string], number>;
  #state: ChainState;
  #dataVersion: unknown;

  constructor(database: Database, signer: Signer) {
    this.#database = database;
    this.#signer = signer;
    this.#insertAudit = database.prepare(
      'INSERT INTO audit (sequence, id, at_ms, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#insertExchange = database.prepare(
      `INSERT INTO exchanges (${EXCHANGE_COLUMNS.join(', ')}) VALUES (${EXCHANGE_COLUMNS.map(() => '?').join(', ')})`,
    );
    this.#insertContent = database.prepare(
      'INSERT INTO contents (sequence, request, response) VALUES (?, ?, ?)',
    );
    this.#insertHead = insertSigned(database, 'heads');
    this.#hasId = database.prepare<[string], number>('SELECT 1 FROM audit WHERE id = ? LIMIT 1').pluck();
    this.#state = loadState(database);
  }

  /** Number of the last record, also if somebody else has changed the file since. */
  get size(): number {
    return this.#currentState().edge.size;
  }

  /** The head as it stands, signed now. */
  sign(nowMs: number): SignedRow {
    return signState('postern-audit-head-1', this.#state, nowMs, this.#signer);
  }

  /**
   * Writes the items and one signed head. `again`: the items may have been committed before (the thread died before
   * it could say so), so those already there are skipped. Throws what SQLite throws; then nothing was written.
   */
  append(items: readonly LogItem[], nowMs: number, again = false): SignedRow | undefined {
    return this.#change((from) => {
      let state = from;
      let unwritable = 0;
      for (const item of items) {
        if (again && this.#hasId.get(item.body.id) !== undefined) continue;
        try {
          state = this.#write(item, state);
        } catch (error) {
          // One malformed record must not hold up all others; a full or damaged disk concerns them all.
          if (!isRecordsOwnFault(error)) throw error;
          this.#undo(state.edge.size + 1);
          unwritable++;
        }
      }
      if (unwritable > 0) state = this.#write({ body: unwritableBody(unwritable, nowMs) }, state);
      return state;
    }, nowMs);
  }

  /** One record together with what it tells of: both are written, or neither is. */
  appendWith(body: AuditBody, nowMs: number, alongside: () => void): SignedRow | undefined {
    return this.#change((from) => {
      alongside();
      return this.#write({ body }, from);
    }, nowMs);
  }

  /**
   * Deletes every record whose batch was committed before `cutoffMs` and leaves a signed checkpoint in its place, plus
   * a record that says so. Returns how many were deleted.
   */
  prune(cutoffMs: number, nowMs: number): number {
    let removed = 0;
    this.#change((from) => {
      const boundary = this.#database
        .prepare<[number], SignedRow>('SELECT * FROM heads WHERE at_ms < ? ORDER BY size DESC LIMIT 1')
        .get(Math.round(cutoffMs));
      const pruned = boundary && stateOf(boundary);
      if (pruned === undefined) return from;
      const size = pruned.edge.size;
      removed = this.#database.prepare('DELETE FROM audit WHERE sequence <= ?').run(size).changes;
      if (removed === 0) return from;
      this.#database.prepare('DELETE FROM exchanges WHERE sequence <= ?').run(size);
      this.#database.prepare('DELETE FROM contents WHERE sequence <= ?').run(size);
      this.#database.prepare('DELETE FROM heads WHERE size <= ?').run(size);
      this.#database.prepare('DELETE FROM checkpoints').run();
      insertSigned(this.#database, 'checkpoints').run(
        signState('postern-audit-checkpoint-1', pruned, nowMs, this.#signer),
      );
      return this.#write({ body: prunedBody(removed, size, nowMs) }, from);
    }, nowMs);
    return removed;
  }

  /** Runs one transaction that moves the chain on and signs where it ended. */
  #change(move: (from: ChainState) => ChainState, nowMs: number): SignedRow | undefined {
    let next = this.#state;
    let head: SignedRow | undefined;
    const transaction = this.#database.transaction(() => {
      const from = this.#currentState();
      next = move(from);
      if (next.edge.size === from.edge.size) return;
      head = signState('postern-audit-head-1', next, nowMs, this.#signer);
      this.#insertHead.run(head);
    });
    transaction.immediate();
    this.#state = next;
    return head;
  }

  /** A second writer is not meant to exist (the agent holds a lock); if it does, the chain must still not fork. */
  #currentState(): ChainState {
    const version = this.#database.pragma('data_version', { simple: true });
    if (version !== this.#dataVersion) {
      this.#dataVersion = version;
      this.#state = loadState(this.#database);
    }
    return this.#state;
  }

  #write({ body, content }: LogItem, state: ChainState): ChainState {
    const sequence = state.edge.size + 1;
    const chained: ChainedBody = { ...body, sequence, previous: state.last.toString('hex') };
    const text = canonicalJson(chained as unknown as Json);
    const hash = leafHash(text);
    if (body.kind === 'exchange') {
      const row = exchangeRow(sequence, body);
      // Bound by position: by name, SQLite's binding looks up 21 names for every call.
      this.#insertExchange.run(...EXCHANGE_COLUMNS.map((column) => row[column]));
    }
    this.#insertAudit.run(sequence, body.id, Math.round(body.atMs), body.kind, text, hash);
    if (content !== undefined) {
      this.#insertContent.run(sequence, content.request ?? null, content.response ?? null);
    }
    return { edge: appendLeaf(state.edge, hash), last: hash };
  }

  /** Takes back what a failed `#write` left of its number. */
  #undo(sequence: number): void {
    for (const table of ['audit', 'exchanges', 'contents']) {
      this.#database.prepare(`DELETE FROM ${table} WHERE sequence = ?`).run(sequence);
    }
  }
}

function isRecordsOwnFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  const cause = asRecordError(error, '').cause;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code);
}

const unwritableBody = (count: number, nowMs: number): DroppedBody => ({
  kind: 'dropped',
  id: randomUUID(),
  atMs: nowMs,
  fromMs: nowMs,
  count,
  byEffective: { unwritable: count },
  inputTokens: 0,
  outputTokens: 0,
  nanoUsd: 0,
});

const prunedBody = (removed: number, size: number, nowMs: number): AuditBody => ({
  kind: 'event',
  id: randomUUID(),
  atMs: nowMs,
  code: 'records-expired',
  detail: `${removed} records, up to number ${size}, were older than the policy keeps them and were deleted.`,
});
