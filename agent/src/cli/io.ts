import process from 'node:process';
import type { Writable } from 'node:stream';
import pc from 'picocolors';

export interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything a command touches of the process, so that tests can hand in their own. */
export interface CliIo {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls `listener` on SIGINT and SIGTERM; returns how to stop that. */
  onStopSignal(listener: (signal: string) => void): () => void;
}

export function processIo(): CliIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    onStopSignal(listener) {
      const signals = ['SIGINT', 'SIGTERM'] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.removeListener(signal, listener);
      };
    },
  };
}

export type Colors = ReturnType<typeof pc.createColors>;

/** no-color.org: NO_COLOR wins if it isn't empty; FORCE_COLOR other than 0 comes next; then a terminal that has colour. */
export function colorsFor(stream: Stream, env: CliIo['env']): Colors {
  if (env['NO_COLOR']) return pc.createColors(false);
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return pc.createColors(force !== '0' && force !== 'false');
  return pc.createColors(stream.isTTY === true && env['TERM'] !== 'dumb');
}

/** Writes, and gives up quietly once the reader has gone (`postern audit export | head`). */
export class Output {
  readonly #stream: Stream;
  readonly #onError: (error: Error) => void;
  #gone = false;

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#onError = (error) => {
      // EPIPE: the reader had enough. Anything else (a full disk behind `>`) is a failure that must show.
      this.#gone = true;
      this.failure = 'code' in error && error.code === 'EPIPE' ? undefined : error;
    };
    stream.on('error', this.#onError);
  }

  failure: Error | undefined;

  get gone(): boolean {
    return this.#gone || this.#stream.destroyed;
  }

  line(text = ''): void {
    if (!this.gone) this.#stream.write(`${text}\n`);
  }

  text(text: string): void {
    if (!this.gone) this.#stream.write(text);
  }

  /** Waits for a slow reader, so that an export of any size needs no memory. */
  async textWithBackpressure(text: string): Promise<void> {
    if (this.gone || this.#stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const name of ['drain', 'close', 'error']) this.#stream.removeListener(name, settle);
        resolve();
      };
      for (const name of ['drain', 'close', 'error']) this.#stream.once(name, settle);
    });
  }

  /** The stream is the process's, not ours: let go of it. A late EPIPE must still not become an exception. */
  release(): void {
    if (!this.#gone && this.#stream !== process.stdout && this.#stream !== process.stderr) {
      this.#stream.removeListener('error', this.#onError);
    }
  }
}
