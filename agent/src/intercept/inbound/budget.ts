/** A leaky bucket: so many at once, so many a second from then on. Pure; the caller tells the time. */
export class Budget {
  readonly #burst: number;
  readonly #perSecond: number;
  #level = 0;
  #atMs = 0;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** False once the budget is spent. */
  spend(nowMs: number): boolean {
    if (this.#atMs > 0) {
      this.#level = Math.max(0, this.#level - ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    }
    this.#atMs = nowMs;
    this.#level += 1;
    return this.#level <= this.#burst;
  }
}
