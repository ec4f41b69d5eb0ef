const JITTER = 0.1;
const FIRST_LOOK_MS = 500;
/** A hint reaches everybody at once; the answers should not. Copies in a CDN may be some seconds old. */
const AFTER_HINT_MS = [400, 2500, 6500];

export interface LookScheduleOptions {
  readonly pollSeconds: number;
  readonly wallMs: () => number;
  readonly random: () => number;
  readonly look: () => Promise<void>;
}

/** When the source looks by itself: about every so many seconds, and some times after a hint. */
export class LookSchedule {
  readonly #options: LookScheduleOptions;
  readonly #afterHint = new Set<NodeJS.Timeout>();
  #next: NodeJS.Timeout | undefined;
  #closed = false;
  nextLookMs: number | undefined;

  constructor(options: LookScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later(FIRST_LOOK_MS * this.#options.random());
  }

  /** `isNews`: whether what the hint spoke of has come; then the later looks are not made. */
  hinted(isNews: () => boolean): void {
    const { random, look } = this.#options;
    for (const [index, delayMs] of AFTER_HINT_MS.entries()) {
      if (this.#afterHint.size > 2 * AFTER_HINT_MS.length) return;
      const timer = setTimeout(
        () => {
          this.#afterHint.delete(timer);
          if (index === 0 || !isNews()) void look();
        },
        index === 0 ? delayMs * random() : delayMs,
      ).unref();
      this.#afterHint.add(timer);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#next);
    for (const timer of this.#afterHint) clearTimeout(timer);
  }

  #later(delayMs: number): void {
    const { pollSeconds, wallMs, random, look } = this.#options;
    clearTimeout(this.#next);
    this.nextLookMs = Math.round(wallMs() + delayMs);
    this.#next = setTimeout(() => {
      void look().finally(() => {
        const spread = 1 + JITTER * (2 * random() - 1);
        if (!this.#closed) this.#later(pollSeconds * 1000 * spread);
      });
    }, delayMs).unref();
  }
}
