import type { Late, ResponseCommand, WebSocketCommand } from '../core/flow.ts';

/** The answers on one socket that wait for another service, as one. */
export class SocketLate implements Late<WebSocketCommand> {
  readonly #answers = new Set<Late<ResponseCommand>>();
  #deliver: ((take: () => readonly WebSocketCommand[]) => void) | undefined;
  #settled: (() => void)[] = [];

  get full(): boolean {
    return this.#answers.size > 0 && [...this.#answers].some(({ full }) => full);
  }

  get waiting(): boolean {
    return this.#answers.size > 0 && [...this.#answers].some(({ waiting }) => waiting);
  }

  listen(deliver: (take: () => readonly WebSocketCommand[]) => void): void {
    this.#deliver = deliver;
  }

  /** `toSocket` is told all that an answer says late, and whether it waits for more. */
  add(
    late: Late<ResponseCommand>,
    toSocket: (commands: readonly ResponseCommand[]) => readonly WebSocketCommand[],
  ): void {
    this.#answers.add(late);
    late.listen((take) => {
      this.#deliver?.(() => toSocket(take()));
      if (this.waiting) return;
      const settled = this.#settled;
      this.#settled = [];
      for (const resolve of settled) resolve();
    });
  }

  remove(late: Late<ResponseCommand>): void {
    this.#answers.delete(late);
  }

  /** Resolves once nothing waits. */
  settled(): Promise<void> {
    return this.waiting ? new Promise((resolve) => this.#settled.push(resolve)) : Promise.resolve();
  }
}
