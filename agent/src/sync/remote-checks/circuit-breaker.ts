/** Stops asking a service that doesn't answer, so that a dead one doesn't cost every call its deadline. */
export interface BreakerOptions {
  /** Failures in a row after which it opens. */
  readonly failures: number;
  /** How long it stays open at first; doubled with every failed attempt after that, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openUntilMs = 0;
  #openMs = 0;
  #trying = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#openMs > 0;
  }

  /** True if a call may be made now. While open, one call at a time is let through once its time is over. */
  mayCall(nowMs: number): boolean {
    if (!this.isOpen) return true;
    if (nowMs < this.#openUntilMs || this.#trying) return false;
    this.#trying = true;
    return true;
  }

  /** True if it has closed just now. */
  succeeded(): boolean {
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#openMs = 0;
    this.#trying = false;
    return wasOpen;
  }

  /** True if it has opened just now. */
  failed(nowMs: number): boolean {
    const { failures, openMs, maxOpenMs } = this.#options;
    this.#failures += 1;
    const wasOpen = this.isOpen;
    // While it is open only the one call on trial counts: those that were under way before don't prolong it.
    if (wasOpen && !this.#trying) return false;
    if (!wasOpen && this.#failures < failures) return false;
    this.#openMs = wasOpen ? Math.min(this.#openMs * 2, maxOpenMs) : openMs;
    this.#openUntilMs = nowMs + this.#openMs;
    this.#trying = false;
    return !wasOpen;
  }
}
