import type { AgentStatus } from '../../../agent/src/serve/contract.ts';

/** A pause for a meeting or a download is no news; one that goes on after that may be forgotten. */
const LONG_MINUTES = 30;
const LONG_MS = LONG_MINUTES * 60_000;

/** One timer, set to the moment at which a pause has become a long one; none otherwise. */
export class PauseReminder {
  readonly #remind: (minutes: number) => void;
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #sinceMs: number | undefined;
  #reminded = false;

  constructor(remind: (minutes: number) => void, nowMs: () => number) {
    this.#remind = remind;
    this.#nowMs = nowMs;
  }

  /** `undefined`: no agent answers. */
  statusChanged(status: AgentStatus | undefined): void {
    this.close();
    if (status?.pause === undefined) {
      this.#sinceMs = undefined;
      this.#reminded = false;
      return;
    }
    // The agent doesn't say since when: a tray that starts during a pause counts from there.
    const nowMs = this.#nowMs();
    this.#sinceMs ??= nowMs;
    const longAtMs = this.#sinceMs + LONG_MS;
    // One that ends by itself before that needs no reminder.
    if (this.#reminded || status.pause.untilMs <= longAtMs) return;
    this.#timer = setTimeout(() => this.#now(), Math.max(0, longAtMs - nowMs));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #now(): void {
    this.#reminded = true;
    this.#remind(LONG_MINUTES);
  }
}
