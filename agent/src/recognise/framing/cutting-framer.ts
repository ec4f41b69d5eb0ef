import { DEFAULT_LIMITS, type Frame, type Framer, type FramerLimits } from './frame.ts';
import { HeldBytes } from './held-bytes.ts';

/** Knows where frames end, from byte to byte and from chunk to chunk. */
export interface FrameEnds {
  /** Where the frame ends, looking from `from` on: the offset after its last byte. -1: not in this chunk. */
  next(chunk: Uint8Array, from: number): number;
}

/** What every framer does: hold the bytes of an unfinished frame, cut at the ends, read what was cut. */
export class CuttingFramer implements Framer {
  readonly #ends: FrameEnds;
  readonly #read: (bytes: Uint8Array) => Frame;
  readonly #held: HeldBytes;

  constructor(ends: FrameEnds, read: (bytes: Uint8Array) => Frame, limits: FramerLimits = DEFAULT_LIMITS) {
    this.#ends = ends;
    this.#read = read;
    this.#held = new HeldBytes(limits.maxFrameBytes);
  }

  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let start = 0;
    for (let end = this.#ends.next(chunk, 0); end >= 0; end = this.#ends.next(chunk, end)) {
      frames.push(this.#read(this.#held.take(chunk.subarray(start, end))));
      start = end;
    }
    this.#held.hold(chunk.subarray(start));
    return frames;
  }

  end(): readonly Frame[] {
    return this.#held.length > 0 ? [this.#read(this.#held.take())] : [];
  }

  drain(): Uint8Array {
    return this.#held.take();
  }
}
