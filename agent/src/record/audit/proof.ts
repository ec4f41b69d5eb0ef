/** The running state of a verification: rebuilds chain and tree record by record and collects what doesn't fit. */
import { EXCHANGE_COLUMNS, type ExchangeRow, exchangeRow } from '../exchange-row.ts';
import type { ChainedBody } from './body.ts';
import { CHAIN_START, type ChainState, type SignedRow } from './heads.ts';
import { appendLeaf, leafHash, treeRoot } from './merkle.ts';

const MAX_PROBLEMS = 50;

export interface AuditRow {
  readonly sequence: number;
  readonly id: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly body: string;
  readonly hash: Buffer;
}

export class ProofState {
  readonly problems: string[] = [];
  #state: ChainState = CHAIN_START;
  #records = 0;
  #firstBad: number | undefined;
  #size = 0;
  #treeBroken = false;

  /** Records seen in this log. */
  get records(): number {
    return this.#records;
  }

  /** Number of the last record, expired ones included. */
  get size(): number {
    return this.#size;
  }

  get firstBadSequence(): number | undefined {
    return this.#firstBad;
  }

  /** Undefined once the tree is known to differ from the signed one. */
  root(): string | undefined {
    return this.#treeBroken ? undefined : treeRoot(this.#state.edge).toString('hex');
  }

  startFrom(state: ChainState): void {
    this.#state = state;
    this.#size = state.edge.size;
  }

  fault(problem: string, sequence?: number): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
    if (sequence !== undefined) this.#firstBad = Math.min(this.#firstBad ?? sequence, sequence);
  }

  record(row: AuditRow, exchange: ExchangeRow | undefined): void {
    this.#records++;
    const expected = this.#size + 1;
    if (row.sequence !== expected) this.#gap(expected, row.sequence);
    this.#size = row.sequence;
    const hash = leafHash(row.body);
    if (!hash.equals(row.hash))
      this.fault(`record ${row.sequence} was changed after it was written`, row.sequence);
    this.#checkBody(row, exchange);
    // The stored hash carries the chain on, so that one changed record is reported once and not at every later one.
    this.#state = { edge: appendLeaf(this.#state.edge, hash), last: row.hash };
  }

  /** Call when `size` has reached the head's. */
  head(row: SignedRow): void {
    if (this.#treeBroken || row.size !== this.#size) return;
    if (treeRoot(this.#state.edge).equals(row.root) && row.last.equals(this.#state.last)) return;
    // All later roots contain this difference: it is one problem, not many.
    this.#treeBroken = true;
    this.fault(`the records up to ${row.size} are not those that were signed at that point`, row.size);
  }

  #gap(expected: number, found: number): void {
    const missing = found - expected;
    this.#treeBroken = true;
    if (missing > 0) {
      const range = missing === 1 ? `record ${expected} is` : `records ${expected} to ${found - 1} are`;
      this.fault(`${range} missing`, expected);
    } else {
      this.fault(`record ${found} stands where ${expected} should`, found);
    }
  }

  #checkBody(row: AuditRow, exchange: ExchangeRow | undefined): void {
    const body = parse(row.body);
    if (body === undefined) {
      this.fault(`record ${row.sequence} can't be read`, row.sequence);
      return;
    }
    if (body.previous !== this.#state.last.toString('hex')) {
      this.fault(`record ${row.sequence} does not follow the record before it`, row.sequence);
    }
    const columns = row.id === body.id && row.kind === body.kind && row.at_ms === Math.round(body.atMs);
    if (body.sequence !== row.sequence || !columns) {
      this.fault(`record ${row.sequence}: its columns differ from its signed text`, row.sequence);
    }
    if (!sameExchange(body, row.sequence, exchange)) {
      this.fault(`record ${row.sequence}: the usage table differs from the signed text`, row.sequence);
    }
  }
}

function parse(text: string): ChainedBody | undefined {
  try {
    return JSON.parse(text) as ChainedBody;
  } catch {
    // Reported by the caller as a problem of this record.
    return undefined;
  }
}

function sameExchange(body: ChainedBody, sequence: number, found: ExchangeRow | undefined): boolean {
  if (body.kind !== 'exchange') return found === undefined;
  if (found === undefined) return false;
  const wanted = exchangeRow(sequence, body);
  return EXCHANGE_COLUMNS.every((column) => wanted[column] === found[column]);
}
