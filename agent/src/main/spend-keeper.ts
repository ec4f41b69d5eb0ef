import { uptime } from 'node:os';
import { Forecaster } from '../account/forecast.ts';
import { BudgetClock, type ClockReading } from '../account/spend/budget-clock.ts';
import { mergeChanges } from '../account/spend/merge-changes.ts';
import { SpendBook } from '../account/spend/spend-book.ts';
import type { SpendChanges, SpendSnapshot } from '../core/spend.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { spendTermsOf } from '../journey/spend-terms.ts';
import type { Records } from '../record/records-contract.ts';
import { readLostSpend } from '../record/spend-store.ts';
import { slotFinder } from './budgets.ts';

/** A crash loses what was counted since; the calls it cut off are charged by what they held, if that was kept. */
const SAVE_AFTER_MS = 20;
/** For budgets that only warn. */
const SAVE_LATER_MS = 1_000;
const RETRY_AFTER_MS = 1_000;

export interface SpendKeeperOptions {
  readonly records: Pick<Records, 'health' | 'loadSpend' | 'saveSpend'>;
  policy(): CompiledPolicy;
  /** For the audit log and status. */
  incident(code: string, detail: string): void;
  event(code: string, detail: string): void;
  readonly readClock?: () => ClockReading;
}

/** Gives budgets their clock and their memory: restores them at the start, and has changes written off the hot path. */
export class SpendKeeper {
  readonly book: SpendBook;
  readonly forecaster = new Forecaster();
  readonly #options: SpendKeeperOptions;
  #clock: BudgetClock;
  readonly #readClock: () => ClockReading;
  #doubted = false;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  #saving: Promise<void> | undefined;
  /** The time to write came while a write was under way. */
  #isOverdue = false;
  #unsaved: SpendChanges | undefined;
  #failing = false;
  #closed = false;

  constructor(options: SpendKeeperOptions) {
    this.#options = options;
    this.#readClock = options.readClock ?? systemClock();
    this.#clock = new BudgetClock(this.#readClock());
    this.book = new SpendBook({
      nowMs: () => this.#nowMs(),
      monotonicMs: () => performance.now(),
      onChange: (urgent) => this.#saveSoon(urgent ? SAVE_AFTER_MS : SAVE_LATER_MS),
    });
  }

  async restore(): Promise<void> {
    const { records, policy } = this.#options;
    const { setAside } = records.health();
    const snapshot = setAside === undefined ? await this.#load() : this.#recover(setAside);
    if (snapshot === undefined) {
      this.book.closeBudgets([...spendTermsOf(policy()).budgets.values()]);
      return;
    }
    this.#clock = new BudgetClock(this.#readClock(), snapshot.seenMs);
    const unsettled = this.book.restore(
      snapshot,
      slotFinder(policy(), () => this.#nowMs()),
    );
    if (unsettled.calls > 0) {
      const dollars = (unsettled.nanoUsd / 1e9).toFixed(4);
      this.#options.event(
        'spend-settled-after-crash',
        `${unsettled.calls} calls were cut off when the agent ended; what was held for them, $${dollars}, was charged.`,
      );
    }
    if (setAside !== undefined) this.book.markAllChanged();
  }

  /** The running agent's database was replaced: what is in memory is all there is. */
  replaced(): void {
    this.book.markAllChanged();
  }

  /** Writes what is left. Call before the records are closed. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#saving;
    while (await this.#saveChanges());
  }

  async #load(): Promise<SpendSnapshot | undefined> {
    try {
      return await this.#options.records.loadSpend();
    } catch (error) {
      this.#options.incident('budgets-unreadable', `What budgets have spent can't be read: ${String(error)}`);
      return undefined;
    }
  }

  #recover(setAside: string): SpendSnapshot | undefined {
    const snapshot = readLostSpend(setAside);
    const detail =
      snapshot === undefined
        ? `What budgets had spent was lost with ${setAside}: they count as used up until their windows end.`
        : `What budgets had spent was read from ${setAside}.`;
    this.#options.incident('budgets-recovered', detail);
    return snapshot;
  }

  #nowMs(): number {
    const nowMs = this.#clock.read(this.#readClock());
    if (this.#clock.doubtsWallClock !== this.#doubted) {
      this.#doubted = this.#clock.doubtsWallClock;
      if (this.#doubted) {
        this.#options.incident(
          'clock-jumped',
          'The clock was set: budgets go on by the time that has really passed.',
        );
      }
    }
    return nowMs;
  }

  #saveSoon(afterMs: number): void {
    if (this.#closed) return;
    if (this.#timer !== undefined) {
      if (this.#timerMs <= afterMs) return;
      clearTimeout(this.#timer);
    }
    this.#timerMs = afterMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#saveInBackground();
    }, afterMs).unref();
  }

  /**
   * One write at a time. What changes meanwhile has a timer of its own: under load something always does, and to write
   * it at once would be a transaction every few milliseconds.
   */
  #saveInBackground(): void {
    if (this.#saving !== undefined) {
      this.#isOverdue = true;
      return;
    }
    this.#saving = this.#saveChanges().then(() => {
      this.#saving = undefined;
      if (this.#isOverdue && !this.#closed) {
        this.#isOverdue = false;
        this.#saveInBackground();
      }
    });
  }

  /** True if something was written. */
  async #saveChanges(): Promise<boolean> {
    const changes = this.book.takeChanges();
    if (changes !== undefined) this.#unsaved = mergeChanges(this.#unsaved, changes);
    if (this.#unsaved === undefined) return false;
    if (!(await this.#save(this.#unsaved))) {
      this.#saveSoon(RETRY_AFTER_MS);
      return false;
    }
    this.#unsaved = undefined;
    return true;
  }

  async #save(changes: SpendChanges): Promise<boolean> {
    try {
      await this.#options.records.saveSpend(changes);
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing)
        this.#options.incident('budgets-unwritten', `Budgets can't be written: ${String(error)}`);
      this.#failing = true;
      return false;
    }
  }
}

/**
 * Uptime counts on while the machine sleeps, and nobody can set it. Asking the system for it reads a file, so it is
 * asked once a second, and whenever the wall clock moved otherwise than time did: after sleep, or when it was set.
 */
function systemClock(): () => ClockReading {
  let atMs = Number.NEGATIVE_INFINITY;
  let wallMs = 0;
  let uptimeMs = 0;
  return () => {
    const nowMs = performance.now();
    const nowWallMs = Date.now();
    const passedMs = nowMs - atMs;
    if (passedMs > 1_000 || Math.abs(nowWallMs - wallMs - passedMs) > 1_000) {
      atMs = nowMs;
      wallMs = nowWallMs;
      uptimeMs = uptime() * 1_000;
    }
    return { wallMs: nowWallMs, uptimeMs: uptimeMs + (nowMs - atMs) };
  };
}
