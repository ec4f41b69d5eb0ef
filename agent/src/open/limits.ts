import type { OpeningProblem } from '../core/attachment.ts';

/** How far one attachment is opened. */
export interface Limits {
  /** Everything unpacked from it, nested archives included. */
  readonly maxInflatedBytes: number;
  /** Unpacked over packed size, once `ratioFromBytes` have been unpacked: deflate alone reaches 1,032. */
  readonly maxRatio: number;
  readonly ratioFromBytes: number;
  /** Files in it, nested ones included. */
  readonly maxEntries: number;
  /** Archives in archives. */
  readonly maxDepth: number;
  /** UTF-16 code units of text taken out of it. */
  readonly maxTextChars: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxInflatedBytes: 128 * 1024 * 1024,
  maxRatio: 250,
  ratioFromBytes: 4 * 1024 * 1024,
  maxEntries: 5_000,
  maxDepth: 5,
  maxTextChars: 16 * 1024 * 1024,
};

/** A file that can't be read on; becomes the file's problem. */
export class OpenError extends Error {
  override readonly name = 'OpenError';
  readonly code: OpeningProblem;
  constructor(code: OpeningProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is left of an attachment's limits; shared by everything inside it. */
export class Budget {
  readonly limits: Limits;
  #inflated = 0;
  #entries = 0;
  #chars = 0;
  /** Set once a limit against archive bombs was met: nothing more of the attachment is opened. */
  isSpent = false;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Counts `bytes` more, unpacked from a file of `packedBytes` that has given `unpackedBytes` so far. */
  inflate(bytes: number, unpackedBytes: number, packedBytes: number): void {
    const { maxInflatedBytes, maxRatio, ratioFromBytes } = this.limits;
    this.#inflated += bytes;
    if (this.#inflated > maxInflatedBytes) throw this.#spent('unpacks to too much');
    if (unpackedBytes > ratioFromBytes && unpackedBytes > maxRatio * packedBytes)
      throw this.#spent('unpacks to many times its size');
  }

  enter(depth: number): void {
    this.#entries += 1;
    if (this.#entries > this.limits.maxEntries) throw this.#spent('holds too many files');
    if (depth > this.limits.maxDepth) throw this.#spent('is nested too deeply');
  }

  /** More text than this isn't read, and must not pass for read. */
  read(text: string): string {
    this.#chars += text.length;
    if (this.#chars > this.limits.maxTextChars)
      throw new OpenError('unreadable-attachment', 'holds more text than is read');
    return text;
  }

  #spent(message: string): OpenError {
    this.isSpent = true;
    return new OpenError('archive-bomb', message);
  }
}
