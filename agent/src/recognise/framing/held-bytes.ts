import { RecogniseError } from '../errors.ts';

const EMPTY = new Uint8Array(0);

/** The bytes of the frame being collected, kept as chunks so that a large frame is joined once, not per chunk. */
export class HeldBytes {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length > this.#maxBytes) {
      throw new RecogniseError('frame-too-large', `A frame exceeds ${this.#maxBytes} bytes.`);
    }
  }

  /** Everything held, followed by `last`; nothing is held afterwards. */
  take(last: Uint8Array = EMPTY): Uint8Array {
    if (this.#length === 0) return last;
    if (last.length > 0) this.#chunks.push(last);
    const first = this.#chunks[0];
    const all = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return all;
  }
}

/** Malformed UTF-8 reads as U+FFFD; the frame's bytes stay what they were. */
export const decodeUtf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
