import type { CallInput, CallOutput, ExchangeView } from '../../../../agent/src/serve/contract.ts';
import type { BridgeAnswer } from '../../shared/bridge.ts';
import type { Failure } from '../state/failure.ts';
import { type CallFilter, matches, questionOf } from './filter.ts';

export const PAGE_ROWS = 200;
/** Pages kept around what is shown; others are dropped and asked for again when somebody scrolls back. */
const KEPT_PAGES = 12;
/** A list that is left open for days forgets the oldest of what came while it was. */
const MAX_FRESH = 2_000;

interface Page {
  readonly before: string | undefined;
  readonly count: number;
  rows: readonly ExchangeView[] | undefined;
  asking: boolean;
}

type Ask = (input: CallInput<'exchanges'>) => Promise<BridgeAnswer<CallOutput<'exchanges'>>>;

const keyOf = ({ id, startedAtMs }: ExchangeView): string => `${id} ${startedAtMs}`;

/**
 * The calls of one filter, newest first: what came while we looked, then pages by cursor. Rows are asked for by index;
 * those that aren't here yet are fetched, and `changed` is called when they have come.
 */
export class Ledger {
  readonly filter: CallFilter;
  readonly #ask: Ask;
  readonly #changed: () => void;
  readonly #pages: Page[] = [];
  readonly #known = new Set<string>();
  #fresh: ExchangeView[] = [];
  #next: string | undefined;
  #atEnd = false;
  #asking = false;
  #failure: Failure | undefined;
  #closed = false;

  constructor(filter: CallFilter, ask: Ask, changed: () => void) {
    this.filter = filter;
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Rows that there are as far as we know; more may follow while `atEnd` is false. */
  get size(): number {
    return this.#fresh.length + this.#pages.reduce((sum, { count }) => sum + count, 0);
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  get asking(): boolean {
    return this.#asking;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Undefined for a row whose page was dropped: it is on its way again. */
  row(index: number): ExchangeView | undefined {
    if (index < this.#fresh.length) return this.#fresh[index];
    const { page, offset } = this.#place(index);
    return page?.rows?.[offset];
  }

  /** Says which rows are looked at: fetches what is missing there and ahead, and drops what is far away. */
  look(first: number, last: number): void {
    for (const index of [first, last]) {
      const { page } = this.#place(index);
      if (page !== undefined && page.rows === undefined) void this.#refetch(page);
    }
    if (last + PAGE_ROWS / 2 >= this.size) void this.more();
    this.#dropFarFrom(first);
  }

  async more(): Promise<void> {
    if (this.#asking || this.#atEnd || this.#closed) return;
    this.#asking = true;
    this.#failure = undefined;
    const before = this.#next;
    const answer = await this.#ask(this.#question(before));
    if (this.#closed) return;
    this.#asking = false;
    if (answer.ok) {
      const { exchanges, next } = answer.output;
      // What came while the first page was on its way may be in it too.
      if (before === undefined) {
        const listed = new Set(exchanges.map(keyOf));
        this.#fresh = this.#fresh.filter((one) => !listed.has(keyOf(one)));
      }
      for (const exchange of exchanges) if (before === undefined) this.#known.add(keyOf(exchange));
      this.#pages.push({ before, count: exchanges.length, rows: exchanges, asking: false });
      this.#next = next;
      this.#atEnd = next === undefined;
    } else this.#failure = answer;
    this.#changed();
  }

  /** A call that has just ended. True if it belongs to this list, and stands at its beginning now. */
  add(exchange: ExchangeView): boolean {
    const key = keyOf(exchange);
    if (!matches(exchange, this.filter) || this.#known.has(key)) return false;
    this.#known.add(key);
    this.#fresh.unshift(exchange);
    if (this.#fresh.length > MAX_FRESH) this.#fresh.pop();
    return true;
  }

  close(): void {
    this.#closed = true;
  }

  #question(before: string | undefined): CallInput<'exchanges'> {
    return { ...questionOf(this.filter), limit: PAGE_ROWS, ...(before !== undefined && { before }) };
  }

  async #refetch(page: Page): Promise<void> {
    if (page.asking) return;
    page.asking = true;
    const answer = await this.#ask(this.#question(page.before));
    page.asking = false;
    if (this.#closed) return;
    if (answer.ok) page.rows = answer.output.exchanges.slice(0, page.count);
    else this.#failure = answer;
    this.#changed();
  }

  /** All pages but the last are full. */
  #place(index: number): { readonly page: Page | undefined; readonly offset: number } {
    const inPages = index - this.#fresh.length;
    const page = inPages < 0 ? undefined : this.#pages[Math.floor(inPages / PAGE_ROWS)];
    return { page, offset: inPages % PAGE_ROWS };
  }

  #dropFarFrom(index: number): void {
    if (this.#pages.length <= KEPT_PAGES) return;
    const here = Math.floor(Math.max(0, index - this.#fresh.length) / PAGE_ROWS);
    for (const [number, page] of this.#pages.entries())
      if (Math.abs(number - here) > KEPT_PAGES / 2) page.rows = undefined;
  }
}
