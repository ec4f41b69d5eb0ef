/**
 * The time that budgets go by. A clock that someone sets, back or forward, must not give a budget back: time here
 * never jumps. It follows the wall clock as long as that agrees with the machine's uptime, and a wall clock that
 * jumped is believed only after it has held for an hour.
 */

/** Differences up to here are drift, corrections by network time, and the granularity of both clocks. */
const TOLERANCE_MS = 5 * 60_000;
const BELIEVED_AFTER_MS = 60 * 60_000;

export type ClockReading = { readonly wallMs: number; readonly uptimeMs: number };

export class BudgetClock {
  /** Wall less uptime, as believed. */
  #offsetMs: number;
  /** A wall clock that disagrees: since when (uptime), and by which offset. */
  #doubted: { readonly sinceMs: number; readonly offsetMs: number } | undefined;
  #nowMs: number;

  /** `seenMs`: the latest time that an earlier run has counted at. */
  constructor({ wallMs, uptimeMs }: ClockReading, seenMs = 0) {
    this.#nowMs = wallMs;
    this.#offsetMs = wallMs - uptimeMs;
    // A wall clock behind what was seen before: time goes on from there, until the clock has proved itself.
    if (seenMs > wallMs) {
      this.#nowMs = seenMs;
      this.#offsetMs = seenMs - uptimeMs;
    }
  }

  /** True while the wall clock says something else. */
  get doubtsWallClock(): boolean {
    return this.#doubted !== undefined;
  }

  /** The time to count at. Steps back only where a wall clock behind it has held for an hour. */
  read({ wallMs, uptimeMs }: ClockReading): number {
    const offsetMs = wallMs - uptimeMs;
    if (Math.abs(offsetMs - this.#offsetMs) <= TOLERANCE_MS) {
      this.#doubted = undefined;
      this.#nowMs = Math.max(this.#nowMs, wallMs);
      return this.#nowMs;
    }
    const doubted = this.#doubted;
    if (doubted === undefined || Math.abs(offsetMs - doubted.offsetMs) > TOLERANCE_MS) {
      this.#doubted = { sinceMs: uptimeMs, offsetMs };
    } else if (uptimeMs - doubted.sinceMs >= BELIEVED_AFTER_MS) {
      this.#doubted = undefined;
      this.#offsetMs = offsetMs;
      this.#nowMs = wallMs;
      return wallMs;
    }
    this.#nowMs = Math.max(this.#nowMs, uptimeMs + this.#offsetMs);
    return this.#nowMs;
  }
}
