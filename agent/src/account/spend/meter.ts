import type { Amount, SpendSlotRow, WindowSlot } from '../../core/spend.ts';
import { ROLLING_SLOTS } from './window.ts';

interface MeterSlot {
  readonly startMs: number;
  nanoUsd: number;
  tokens: number;
  warned: number;
}

/** Two rolling windows' worth, so that a clock set forward and back finds what was spent before. */
const MAX_SLOTS = 2 * ROLLING_SLOTS;

/** What one subject of one budget has spent, by slots of time, and what its open calls hold. */
export class Meter {
  readonly budget: string;
  readonly subject: string;
  heldNanoUsd = 0;
  heldTokens = 0;
  readonly #slots: MeterSlot[];
  readonly #changed = new Set<MeterSlot>();
  readonly #gone: number[] = [];
  /** Sums of the window that began at `#sumFromMs`. */
  #sumFromMs = Number.NaN;
  #sumNanoUsd = 0;
  #sumTokens = 0;

  constructor(budget: string, subject: string, rows: readonly SpendSlotRow[] = []) {
    this.budget = budget;
    this.subject = subject;
    this.#slots = rows
      .map(({ startMs, nanoUsd, tokens, warned }) => ({ startMs, nanoUsd, tokens, warned }))
      .sort((a, b) => a.startMs - b.startMs);
  }

  /** Charged in the window, without what is held. */
  spent(slot: WindowSlot): Amount {
    this.#sumUp(slot);
    return { nanoUsd: this.#sumNanoUsd, tokens: this.#sumTokens };
  }


  charge(slot: WindowSlot, nanoUsd: number, tokens: number): void {
    if (nanoUsd === 0 && tokens === 0) return;
    this.#sumUp(slot);
    const current = this.#current(slot);
    current.nanoUsd += nanoUsd;
    current.tokens += tokens;
    this.#sumNanoUsd += nanoUsd;
    this.#sumTokens += tokens;
    this.#changed.add(current);
  }

  /** The highest share that was told of in this window. */
  warned(slot: WindowSlot): number {
    let highest = 0;
    for (const { startMs, warned } of this.#slots) {
      if (startMs >= slot.windowStartMs && warned > highest) highest = warned;
    }
    return highest;
  }

  warn(slot: WindowSlot, share: number): void {
    const current = this.#current(slot);
    current.warned = Math.max(current.warned, share);
    this.#changed.add(current);
  }

  /** When enough of a rolling window has been left behind that less than both limits counts. */
  roomAt(slot: WindowSlot, limitNanoUsd: number | undefined, limitTokens: number | undefined): number | undefined {
    const { rollingMs } = slot;
    if (rollingMs === undefined) return slot.resetsAtMs;
    let { nanoUsd, tokens } = this.spent(slot);
    nanoUsd += this.heldNanoUsd;
    tokens += this.heldTokens;
    for (const one of this.#slots) {
      if (one.startMs < slot.windowStartMs) continue;
      nanoUsd -= one.nanoUsd;
      tokens -= one.tokens;
      const hasRoom =
        (limitNanoUsd === undefined || nanoUsd < limitNanoUsd) && (limitTokens === undefined || tokens < limitTokens);
      if (hasRoom) return one.startMs + rollingMs + rollingMs / ROLLING_SLOTS;
    }
    return undefined;
  }

  /** Everything, for a store that lost it. */
  markAllChanged(): void {
    for (const slot of this.#slots) this.#changed.add(slot);
  }

  takeChanges(): { readonly slots: SpendSlotRow[]; readonly gone: number[] } {
    const { budget, subject } = this;
    const slots = [...this.#changed].map((slot) => ({ budget, subject, ...slot }));
    this.#changed.clear();
    return { slots, gone: this.#gone.splice(0) };
  }

  #sumUp(slot: WindowSlot): void {
    if (this.#sumFromMs === slot.windowStartMs) return;
    this.#bringBack(slot);
    this.#sumFromMs = slot.windowStartMs;
    this.#sumNanoUsd = 0;
    this.#sumTokens = 0;
    for (const { startMs, nanoUsd, tokens } of this.#slots) {
      if (startMs < slot.windowStartMs) continue;
      this.#sumNanoUsd += nanoUsd;
      this.#sumTokens += tokens;
    }
  }

  /** Slots that lie ahead were charged by a clock that was wrong: they count now, and expire like what is spent now. */
  #bringBack(slot: WindowSlot): void {
    while ((this.#slots.at(-1)?.startMs ?? Number.NEGATIVE_INFINITY) > slot.startMs) {
      const ahead = this.#slots.pop() as MeterSlot;
      this.#changed.delete(ahead);
      this.#gone.push(ahead.startMs);
      const current = this.#current(slot);
      current.nanoUsd += ahead.nanoUsd;
      current.tokens += ahead.tokens;
      this.#changed.add(current);
    }
  }

  /** The slot that takes charges now, made if need be. Slots are in order of time. */
  #current(slot: WindowSlot): MeterSlot {
    let at = this.#slots.length;
    while (at > 0 && (this.#slots[at - 1] as MeterSlot).startMs > slot.startMs) at--;
    const last = this.#slots[at - 1];
    if (last?.startMs === slot.startMs) return last;
    const made: MeterSlot = { startMs: slot.startMs, nanoUsd: 0, tokens: 0, warned: 0 };
    this.#slots.splice(at, 0, made);
    // By number, not by age: age is what a wrong clock gets wrong.
    if (this.#slots.length > MAX_SLOTS) {
      const oldest = this.#slots.shift() as MeterSlot;
      this.#changed.delete(oldest);
      this.#gone.push(oldest.startMs);
    }
    return made;
  }
}
