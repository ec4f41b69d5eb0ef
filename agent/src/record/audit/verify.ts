/**
 * Proves the log, or says what is wrong with it. Reads only, one record at a time, and trusts nothing in the database:
 * every hash is recomputed, every head's tree root rebuilt, every signature checked with the device's public key.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { openForReading } from '../database.ts';
import { asRecordError } from '../errors.ts';
import type { ExchangeRow } from '../exchange-row.ts';
import { readAnchor } from './anchor.ts';
import { type SignedRow, statementOf, stateOf } from './heads.ts';
import type { KeptHead } from './kept-heads.ts';
import { treeRoot } from './merkle.ts';
import { type AuditRow, ProofState } from './proof.ts';
import {
  keyIdOf,
  loadPublicKey,
  publicKeyFile,
  type Statement,
  type StatementType,
  verifyStatement,
} from './signing.ts';

export interface VerifyOptions {
  /** PEM of the device's public audit key; `audit-key.pub.pem` beside the database if absent. */
  readonly publicKeyFile?: string;
  /** Heads kept elsewhere (a gateway, a ticket): the log must have passed through exactly these states. */
  readonly expectedHeads?: readonly Pick<Statement, 'size' | 'root'>[];
  /** The same with their signatures, which must be this device's. */
  readonly keptHeads?: readonly KeptHead[];
}

export interface Verification {
  readonly ok: boolean;
  /** Records read. */
  readonly records: number;
  /** Records that expired and were deleted under a signed checkpoint. */
  readonly pruned: number;
  readonly firstBadSequence: number | undefined;
  /** In plain words, at most 50. */
  readonly problems: readonly string[];
  /** The newest head, to be kept elsewhere or compared with one that was. */
  readonly head: (Statement & { readonly keyId: string }) | undefined;
}

/** Throws RecordError if there is no database, it can't be read at all, or its schema is another version's. */
export function verifyAudit(file: string, options: VerifyOptions = {}): Verification {
  const verifier = new Verifier(file, options);
  const database = openForReading(file);
  try {
    // One transaction: the log as it stood at this moment, though an agent goes on writing.
    return database.transaction(() => verifier.run(database))();
  } catch (error) {
    throw asRecordError(error, file);
  } finally {
    database.close();
  }
}

class Verifier {
  readonly #proof = new ProofState();
  readonly #key: KeyObject | undefined;
  /** Read before the log, which only grows: it can't be ahead of an honest one. */
  readonly #anchor: ReturnType<typeof readAnchor>;
  /** Roots that the log must have at these sizes, and who says so. */
  readonly #witnesses: { readonly size: number; readonly root: string; readonly who: string }[] = [];
  #lastHead: SignedRow | undefined;

  constructor(file: string, options: VerifyOptions) {
    const keyPath = options.publicKeyFile ?? publicKeyFile(join(dirname(file), 'audit-key.pem'));
    this.#key = existsSync(keyPath) ? loadPublicKey(keyPath) : undefined;
    this.#anchor = readAnchor(file);
    if (typeof this.#anchor === 'object') {
      this.#witnesses.push({ ...this.#anchor.statement, who: 'the head file beside the database' });
    }
    for (const head of options.expectedHeads ?? []) {
      this.#witnesses.push({ ...head, who: 'a head kept elsewhere' });
    }
    for (const head of options.keptHeads ?? []) this.#believe(head);
  }

  /** A head that this device didn't sign proves nothing about it, or tells that its key was exchanged. */
  #believe({ statement, keyId, signature }: KeptHead): void {
    const name = `the head at record ${statement.size} that was kept elsewhere`;
    if (this.#key !== undefined && keyId !== keyIdOf(this.#key)) {
      this.#proof.fault(`${name} was signed with another key than this device has now (${keyId})`);
    } else if (this.#key !== undefined && !verifyStatement(statement, signature, this.#key)) {
      this.#proof.fault(`${name} has a wrong signature`);
    }
    this.#witnesses.push({ ...statement, who: 'a head kept elsewhere' });
  }

  run(database: Database): Verification {
    const proof = this.#proof;
    if (this.#key === undefined) {
      proof.fault("the device's public audit key is missing, so signatures can't be checked");
    }
    const pruned = this.#beginAtCheckpoint(database);
    const heads = database.prepare<[number], SignedRow>('SELECT * FROM heads WHERE size = ?');
    const exchanges = database.prepare<[number], ExchangeRow>('SELECT * FROM exchanges WHERE sequence = ?');
    for (const row of database.prepare<[], AuditRow>('SELECT * FROM audit ORDER BY sequence').iterate()) {
      proof.record(row, exchanges.get(row.sequence));
      this.#checkHead(heads.get(proof.size));
      this.#askWitnesses();
    }
    this.#checkEnd(database, pruned);
    this.#checkStrays(database);
    this.#checkAnchor();
    return {
      ok: proof.problems.length === 0,
      records: proof.records,
      pruned,
      firstBadSequence: proof.firstBadSequence,
      problems: proof.problems,
      head: this.#lastHead && {
        ...statementOf('postern-audit-head-1', this.#lastHead),
        keyId: this.#lastHead.key_id,
      },
    };
  }

  /** Returns how many records expired; their place is taken by the signed edge of their tree. */
  #beginAtCheckpoint(database: Database): number {
    const row = database.prepare<[], SignedRow>('SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1').get();
    if (row === undefined) return 0;
    const state = stateOf(row);
    if (state === undefined || !treeRoot(state.edge).equals(row.root)) {
      this.#proof.fault(`the checkpoint over ${row.size} expired records does not add up`, row.size);
      return 0;
    }
    this.#checkSignature(
      row,
      'postern-audit-checkpoint-1',
      `the checkpoint over ${row.size} expired records`,
    );
    this.#proof.startFrom(state);
    this.#askWitnesses();
    return row.size;
  }

  #checkHead(row: SignedRow | undefined): void {
    if (row === undefined) return;
    this.#lastHead = row;
    this.#checkSignature(row, 'postern-audit-head-1', `the head at record ${row.size}`);
    this.#proof.head(row);
  }

  #checkSignature(row: SignedRow, type: StatementType, name: string): void {
    if (this.#key === undefined) return;
    if (row.key_id !== keyIdOf(this.#key)) {
      this.#proof.fault(`${name} is signed with another key (${row.key_id})`, row.size);
    } else if (!verifyStatement(statementOf(type, row), row.signature, this.#key)) {
      this.#proof.fault(`${name} has a wrong signature`, row.size);
    }
  }

  #askWitnesses(): void {
    for (const { size, root, who } of this.#witnesses) {
      if (size === this.#proof.size && root !== this.#proof.root()) {
        this.#proof.fault(`the records up to ${size} are not those that ${who} speaks of`, size);
      }
    }
  }

  #checkEnd(database: Database, pruned: number): void {
    const { size } = this.#proof;
    const unmet = database
      .prepare<[], number>('SELECT size FROM heads WHERE size NOT IN (SELECT sequence FROM audit) ORDER BY 1')
      .pluck()
      .all();
    const promised = Math.max(0, ...unmet.slice(-1), ...this.#witnesses.map((witness) => witness.size));
    if (promised > size) {
      this.#proof.fault(
        `the log's end is missing: ${promised} records were signed, it ends at ${size}`,
        size + 1,
      );
    }
    for (const head of unmet) {
      if (head <= size) this.#proof.fault(`the head at record ${head} belongs to no record`, head);
    }
    const signed = this.#lastHead?.size ?? pruned;
    if (size > signed) {
      this.#proof.fault(`records ${signed + 1} to ${size} are covered by no signed head`, signed + 1);
    }
  }

  /** Rows of the queryable tables that no audit record stands behind. */
  #checkStrays(database: Database): void {
    for (const table of ['exchanges', 'contents']) {
      const stray = database
        .prepare<[], number>(
          `SELECT sequence FROM ${table} WHERE sequence NOT IN (SELECT sequence FROM audit) ORDER BY 1 LIMIT 1`,
        )
        .pluck()
        .get();
      if (stray !== undefined) {
        this.#proof.fault(`table ${table} has a row ${stray} of which the log knows nothing`, stray);
      }
    }
  }

  #checkAnchor(): void {
    const anchor = this.#anchor;
    if (anchor === 'unreadable') this.#proof.fault('the head file beside the database is damaged');
    else if (anchor === 'missing') {
      // It is made before the first record is.
      if (this.#proof.size > 0) this.#proof.fault('the head file beside the database is missing');
    } else if (this.#key !== undefined && !verifyStatement(anchor.statement, anchor.signature, this.#key)) {
      this.#proof.fault('the head file beside the database is not signed by this device');
    }
  }
}
