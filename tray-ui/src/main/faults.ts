import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

const MAX_LOG_BYTES = 256 * 1024;

export interface FaultOptions {
  /** Where faults are written down; its predecessor is kept once as `.1`. */
  readonly logFile: string;
  readonly nowMs: () => number;
  /** The state has changed. */
  readonly onChange: () => void;
}

/**
 * What went wrong in the tray itself. It is written down and shown, and the tray goes on: an icon that vanished, or one
 * that says "protected" on top of a broken program, would both tell the person less than the truth.
 */
export class Faults {
  readonly #options: FaultOptions;
  #latest: string | undefined;

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  /** The latest one that nobody has looked at. */
  get latest(): string | undefined {
    return this.#latest;
  }

  report(where: string, error: unknown): void {
    this.note(where, error);
    this.#latest = where;
    this.#changed();
  }

  /** Worth writing down, not worth a person's attention. */
  note(where: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const line = `${new Date(this.#options.nowMs()).toISOString()} ${where}: ${text}\n`;
    try {
      this.#rotate();
      appendFileSync(this.#options.logFile, line, { mode: 0o600 });
    } catch (failure) {
      // A full or read-only disk must not take the icon away; the terminal is what is left.
      process.stderr.write(`${line}and the log can't be written: ${String(failure)}\n`);
    }
  }

  seen(): void {
    if (this.#latest === undefined) return;
    this.#latest = undefined;
    this.#changed();
  }

  /** Runs something that nobody waits for. */
  guard(where: string, work: () => unknown): void {
    try {
      const result = work();
      if (result instanceof Promise) result.catch((error: unknown) => this.report(where, error));
    } catch (error) {
      this.report(where, error);
    }
  }

  /** What shows a fault may be what is at fault: then it is written down, and not shown again and again. */
  #changed(): void {
    try {
      this.#options.onChange();
    } catch (error) {
      this.note('icon', error);
    }
  }

  #rotate(): void {
    const { logFile } = this.#options;
    mkdirSync(path.dirname(logFile), { recursive: true });
    const sizeBytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  }
}
