/** Signed tree heads and checkpoints, as rows. */
import type { Database } from 'better-sqlite3';
import { packPeaks, type TreeEdge, treeRoot, unpackPeaks } from './merkle.ts';
import type { Signer, Statement, StatementType } from './signing.ts';

export interface SignedRow {
  readonly size: number;
  readonly at_ms: number;
  readonly root: Buffer;
  readonly last: Buffer;
  readonly peaks: Buffer;
  readonly key_id: string;
  readonly signature: Buffer;
}

/** Where the chain stands: what the next record links to. */
export interface ChainState {
  readonly edge: TreeEdge;
  /** Leaf hash of the last record; 32 zero bytes before the first. */
  readonly last: Buffer;
}

export const CHAIN_START: ChainState = { edge: { size: 0, peaks: [] }, last: Buffer.alloc(32) };

export function signState(type: StatementType, state: ChainState, atMs: number, signer: Signer): SignedRow {
  const root = treeRoot(state.edge);
  const row = {
    size: state.edge.size,
    at_ms: Math.round(atMs),
    root,
    last: state.last,
    peaks: packPeaks(state.edge),
    key_id: signer.keyId,
  };
  return { ...row, signature: signer.sign(statementOf(type, row)) };
}

export const statementOf = (
  type: StatementType,
  row: Pick<SignedRow, 'size' | 'at_ms' | 'root' | 'last'>,
): Statement => ({
  type,
  size: row.size,
  root: row.root.toString('hex'),
  last: row.last.toString('hex'),
  atMs: row.at_ms,
});

export function stateOf(row: SignedRow): ChainState | undefined {
  const edge = unpackPeaks(row.size, row.peaks);
  return edge === undefined ? undefined : { edge, last: row.last };
}

/** The newest head, or failing that the newest checkpoint (everything was pruned). */
export function loadState(database: Database): ChainState {
  const newest = database
    .prepare<[], SignedRow>(
      'SELECT * FROM (SELECT * FROM heads ORDER BY size DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1) ORDER BY size DESC LIMIT 1',
    )
    .get();
  return (newest && stateOf(newest)) ?? CHAIN_START;
}

export const insertSigned = (database: Database, table: 'heads' | 'checkpoints') =>
  database.prepare<[SignedRow]>(
    `INSERT INTO ${table} (size, at_ms, root, last, peaks, key_id, signature)
     VALUES (@size, @at_ms, @root, @last, @peaks, @key_id, @signature)`,
  );
