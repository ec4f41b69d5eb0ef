import { RemoteCheckError } from './remote-check-error.ts';

/** At most so many at the same time; the others wait their turn, until their deadline. */
export class Slots {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number, maxWaiting: number) {
    this.#free = count;
    this.#maxWaiting = maxWaiting;
  }

  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(new RemoteCheckError('timeout'));
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#maxWaiting) return Promise.reject(new RemoteCheckError('busy'));
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', tooLate);
        resolve();
      };
      const tooLate = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new RemoteCheckError('timeout'));
      };
      signal.addEventListener('abort', tooLate, { once: true });
      this.#waiting.push(turn);
    });
  }
}
