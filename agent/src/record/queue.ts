/**
 * The bounded queue between the hot path and the writer. Pure. When it is full it gives up detail in a fixed order:
 * allowed calls first, then warned ones; blocked and redacted calls and events only at the hard limit, which a
 * working disk never comes near. What is given up is tallied, never silently lost.
 */
import type { AuditBody, DroppedBody } from './audit/body.ts';

export interface QueuedItem {
  /** JSON of a `LogItem`. */
  readonly json: string;
  /** 0 is given up first; 2 only at the hard limit. */
  readonly rank: 0 | 1 | 2;
  /** Counts up with every record handed over; never changes. */
  readonly order: number;
  readonly atMs: number;
  /** The effective action, or `event`. */
  readonly action: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly nanoUsd: number;
  /** Of a record that stands for others. */
  readonly tally: Tally | undefined;
}

export type Tally = Pick<
  DroppedBody,
  'fromMs' | 'count' | 'byEffective' | 'inputTokens' | 'outputTokens' | 'nanoUsd'
>;

export interface QueueLimits {
  /** Characters of JSON held before detail is given up. */
  readonly softChars: number;
  /** Characters held before even blocked calls and events are. */
  readonly hardChars: number;
}

export class RecordQueue {
  readonly #limits: QueueLimits;
  #items: QueuedItem[] = [];
  #chars = 0;
  #dropped: Tally | undefined;
  #droppedTotal = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Order of the first item still waiting. */
  get oldestOrder(): number | undefined {
    return this.#items[0]?.order;
  }

  get chars(): number {
    return this.#chars;
  }

  /** Everything given up since the start, whether or not it is in the log yet. */
  get droppedTotal(): number {
    return this.#droppedTotal;
  }

  get owesTally(): boolean {
    return this.#dropped !== undefined;
  }

  push(item: QueuedItem): void {
    this.#items.push(item);
    this.#chars += item.json.length;
    if (this.#chars > this.#limits.softChars) this.#shed();
  }

  /** Up to `limit` items, oldest first; they are no longer the queue's. */
  take(limit: number): QueuedItem[] {
    const taken = this.#items.splice(0, limit);
    for (const item of taken) this.#chars -= item.json.length;
    return taken;
  }

  /** Items that could not be written come back in front. */
  putBack(items: readonly QueuedItem[]): void {
    this.#items = [...items, ...this.#items];
    for (const item of items) this.#chars += item.json.length;
    if (this.#chars > this.#limits.softChars) this.#shed();
  }

  /** What was given up since the last call, to be written as one record. */
  takeTally(): Tally | undefined {
    const tally = this.#dropped;
    this.#dropped = undefined;
    return tally;
  }

  /** A tally that could not be written is owed again; it was counted already. */
  putBackTally(tally: Tally): void {
    this.#dropped = addTallies(tally, this.#dropped);
  }

  /** Down to nine tenths, so that a full queue isn't walked for every record. */
  #shed(): void {
    this.#shedRank(0, this.#limits.softChars * 0.9);
    if (this.#chars > this.#limits.softChars) this.#shedRank(1, this.#limits.softChars * 0.9);
    if (this.#chars > this.#limits.hardChars) this.#shedRank(2, this.#limits.hardChars * 0.9);
  }

  #shedRank(rank: QueuedItem['rank'], targetChars: number): void {
    this.#items = this.#items.filter((item) => {
      if (item.rank !== rank || this.#chars <= targetChars) return true;
      this.#chars -= item.json.length;
      const tally = tallyOf(item);
      this.#droppedTotal += tally.count;
      this.#dropped = addTallies(tally, this.#dropped);
      return false;
    });
  }
}

/** An item of the queue: its JSON, how dear it is to lose, and what it would add to the "dropped" record. */
export function queuedItem(body: AuditBody, json: string, order: number): QueuedItem {
  if (body.kind === 'exchange') {
    return {
      json,
      rank: Math.max(rankOf(body.decision), rankOf(body.effective)) as QueuedItem['rank'],
      order,
      atMs: body.atMs,
      action: body.effective,
      inputTokens: body.tokens?.input ?? 0,
      outputTokens: body.tokens?.output ?? 0,
      nanoUsd: body.cost?.nanoUsd ?? 0,
      tally: undefined,
    };
  }
  const tally = body.kind === 'dropped' ? body : undefined;
  const nothing = { inputTokens: 0, outputTokens: 0, nanoUsd: 0 };
  return { json, rank: 2, order, atMs: body.atMs, action: 'event', ...nothing, tally };
}

/** Made only for what is given up: hardly ever. */
function tallyOf({ tally, atMs, action, inputTokens, outputTokens, nanoUsd }: QueuedItem): Tally {
  if (tally !== undefined) return tally;
  return { fromMs: atMs, count: 1, byEffective: { [action]: 1 }, inputTokens, outputTokens, nanoUsd };
}

const rankOf = (action: string): number => (action === 'allow' ? 0 : action === 'warn' ? 1 : 2);

function addTallies(a: Tally, b: Tally | undefined): Tally {
  if (b === undefined) return a;
  const byEffective: Record<string, number> = { ...a.byEffective };
  for (const [action, count] of Object.entries(b.byEffective)) {
    byEffective[action] = (byEffective[action] ?? 0) + count;
  }
  return {
    fromMs: Math.min(a.fromMs, b.fromMs),
    count: a.count + b.count,
    byEffective,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    nanoUsd: a.nanoUsd + b.nanoUsd,
  };
}
