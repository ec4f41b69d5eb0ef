/** Counts what goes wrong by the minute, and says when a new policy has made it much worse. Pure: time is passed in. */
const MINUTE_MS = 60_000;
/** How long a new policy is on probation, and how far back the comparison goes. */
const PROBATION_MS = 15 * MINUTE_MS;
const BEFORE_MS = 60 * MINUTE_MS;
/** Fewer than these in a minute may be chance. */
const MANY = 5;
const TIMES_AS_MANY = 4;

export class TroubleWatch {
  #times: number[] = [];
  #since = Number.NEGATIVE_INFINITY;
  #perMinuteBefore = 0;

  /** A new policy is in force from now on. */
  changed(nowMs: number): void {
    this.#forget(nowMs);
    this.#perMinuteBefore = this.#times.length / (BEFORE_MS / MINUTE_MS);
    this.#since = nowMs;
    this.#times = [];
  }

  /** In words, once what goes wrong since the change is well above what went wrong before it. */
  happened(nowMs: number): string | undefined {
    this.#forget(nowMs);
    this.#times.push(nowMs);
    if (nowMs - this.#since > PROBATION_MS) return undefined;
    const lately = this.#times.filter((time) => time > nowMs - MINUTE_MS && time >= this.#since).length;
    if (lately < MANY || lately < this.#perMinuteBefore * TIMES_AS_MANY) return undefined;
    this.#since = Number.NEGATIVE_INFINITY;
    return `${lately} failures within a minute of the change, ${this.#perMinuteBefore.toFixed(1)} a minute before it`;
  }

  #forget(nowMs: number): void {
    if (this.#times.length > 5000) this.#times = this.#times.slice(-2500);
    const oldest = this.#times[0];
    if (oldest !== undefined && oldest < nowMs - BEFORE_MS)
      this.#times = this.#times.filter((time) => time >= nowMs - BEFORE_MS);
  }
}
