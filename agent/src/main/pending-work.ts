/** Work that outlives the call it belongs to. */
export class PendingWork {
  readonly #running = new Set<Promise<void>>();

  /** `work` doesn't reject: it reports its own failures. */
  track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  /** Resolves once nothing is left of what runs now. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
