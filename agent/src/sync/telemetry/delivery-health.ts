/** How deliveries to one place go: failures in a row and since when, and when to try again. Pure: time is passed in. */
import { type BackoffLimits, retryDelayMs } from './backoff.ts';
import type { DeliveryProblem } from './destination.ts';

export interface DeliveryView {
  /** 0 when the last attempt went well. */
  readonly failuresInRow: number;
  /** When the first of them was. */
  readonly failingSinceMs: number | undefined;
  /** Since the start; for metrics, not for judging how things are. */
  readonly failuresTotal: number;
  readonly lastDeliveryAtMs: number | undefined;
  /** Of the last attempt; one that went well may have one too. */
  readonly problem: DeliveryProblem | undefined;
  readonly nextAttemptInMs: number;
}

interface Clocks {
  /** Runs on in sleep or not, but is never set back. */
  readonly uptimeMs: () => number;
  readonly dateMs: () => number;
  readonly random: () => number;
}

export class DeliveryHealth {
  readonly #clocks: Clocks;
  readonly #limits: BackoffLimits;
  #failuresInRow = 0;
  #failingSinceMs: number | undefined;
  #failuresTotal = 0;
  #lastDeliveryAtMs: number | undefined;
  #problem: DeliveryProblem | undefined;
  #notBeforeMs = 0;

  constructor(clocks: Clocks, limits: BackoffLimits) {
    this.#clocks = clocks;
    this.#limits = limits;
  }

  view(): DeliveryView {
    return {
      failuresInRow: this.#failuresInRow,
      failingSinceMs: this.#failingSinceMs,
      failuresTotal: this.#failuresTotal,
      lastDeliveryAtMs: this.#lastDeliveryAtMs,
      problem: this.#problem,
      nextAttemptInMs: this.waitMs(),
    };
  }

  /** How long nothing may be tried. */
  waitMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#clocks.uptimeMs());
  }

  /** Resolves with how long to wait before the next attempt. */
  failed(problem: DeliveryProblem, retryAfterMs?: number): number {
    const { uptimeMs, dateMs, random } = this.#clocks;
    this.#failuresInRow++;
    this.#failingSinceMs ??= dateMs();
    this.#failuresTotal++;
    this.#problem = problem;
    const delay = retryDelayMs(this.#failuresInRow, random(), retryAfterMs, this.#limits);
    this.#notBeforeMs = uptimeMs() + delay;
    return delay;
  }

  /** The other side answered as it should; `delivered`: and has taken something. */
  succeeded(problem: DeliveryProblem | undefined, delivered: boolean): void {
    this.#failuresInRow = 0;
    this.#failingSinceMs = undefined;
    this.#notBeforeMs = 0;
    this.#problem = problem;
    if (delivered) this.#lastDeliveryAtMs = this.#clocks.dateMs();
  }
}
