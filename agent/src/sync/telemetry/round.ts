import { type Courier, GATHER_MS } from './courier.ts';

/** Steps one courier whenever it is due: one step at a time, and one timer. */
export class Round {
  readonly courier: Courier;
  readonly #abort: AbortSignal;
  readonly #stepped: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #finished = false;

  constructor(courier: Courier, abort: AbortSignal, stepped: () => void) {
    this.courier = courier;
    this.#abort = abort;
    this.#stepped = stepped;
  }

  start(): void {
    this.within(0);
  }

  /** While a step runs, its end decides; what came meanwhile is in the next batch. */
  within(ms: number): void {
    const dueAtMs = performance.now() + ms;
    if (this.#finished || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.#run(), ms);
    this.#timer.unref();
  }

  async finish(): Promise<void> {
    this.#finished = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.courier.step(this.#abort);
  }

  #run(): void {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    // News came while a step was under way: looked at when it has ended.
    if (this.#running !== undefined) {
      this.within(GATHER_MS);
      return;
    }
    this.#running = this.courier.step(this.#abort).then((waitMs) => {
      this.#running = undefined;
      this.#stepped();
      this.within(waitMs);
    });
  }
}
