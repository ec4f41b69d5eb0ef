import type { Amount, SpendSlotRow, WindowSlot } from '../../core/spend.ts';
import { ROLLING_SLOTS } from './window.ts';

interface MeterSlot {
  readonly startMs: number;
  nanoUsd: number;
  tokens: number;
  warned: number;
  /** Of a slot that lies ahead: how long it counts all the same. */
  countsUntilMs?: number;
}

/**
 * True if a slot's charges count now. One that lies ahead was charged before the clock was set back: it counts as long
 * as a charge made now would, so that going back and forth gives nothing back, and nothing is stuck in a wrong year.
 */
function counts(one: MeterSlot, slot: WindowSlot): boolean {
  if (one.startMs <= slot.startMs) return one.startMs >= slot.windowStartMs;
  one.countsUntilMs ??= slot.rollingMs === undefined ? slot.untilMs : slot.untilMs + slot.rollingMs;
  return slot.startMs < one.countsUntilMs;
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

  /** When a rolling window has left enough behind that this fits; a calendar window's end. */
  roomAt(
    slot: WindowSlot,
    limitNanoUsd: number | undefined,
    limitTokens: number | undefined,
    wanted: Amount,
  ): number | undefined {
    const { rollingMs } = slot;
    if (rollingMs === undefined) return slot.resetsAtMs;
    let { nanoUsd, tokens } = this.spent(slot);
    nanoUsd += this.heldNanoUsd + wanted.nanoUsd;
    tokens += this.heldTokens + wanted.tokens;
    for (const one of this.#slots) {
      if (one.startMs < slot.windowStartMs || one.startMs > slot.startMs) continue;
      nanoUsd -= one.nanoUsd;
      tokens -= one.tokens;
      const hasRoom =
        (limitNanoUsd === undefined || nanoUsd <= limitNanoUsd) &&
        (limitTokens === undefined || tokens <= limitTokens);
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
    const slots = [...this.#changed].map(({ countsUntilMs: _, ...slot }) => ({ budget, subject, ...slot }));
    this.#changed.clear();
    return { slots, gone: this.#gone.splice(0) };
  }

  #sumUp(slot: WindowSlot): void {
    if (this.#sumFromMs === slot.windowStartMs) return;
    this.#sumFromMs = slot.windowStartMs;
    this.#sumNanoUsd = 0;
    this.#sumTokens = 0;
    for (const one of this.#slots) {
      if (!counts(one, slot)) continue;
      this.#sumNanoUsd += one.nanoUsd;
      this.#sumTokens += one.tokens;
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
