import { DEFAULT_LIMITS, type Frame, type Framer, type FramerLimits } from './frame.ts';
import { decodeUtf8, HeldBytes } from './held-bytes.ts';

const LF = 0x0a;

/** Newline-delimited JSON (Ollama's native API, some compatible servers): one line, one frame. */
export class NdjsonFramer implements Framer {
  readonly #held: HeldBytes;

  constructor(limits: FramerLimits = DEFAULT_LIMITS) {
    this.#held = new HeldBytes(limits.maxFrameBytes);
  }

  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      frames.push(lineFrame(this.#held.take(chunk.subarray(start, end + 1))));
      start = end + 1;
    }
    this.#held.hold(chunk.subarray(start));
    return frames;
  }

  end(): readonly Frame[] {
    return this.#held.length > 0 ? [lineFrame(this.#held.take())] : [];
  }

  drain(): Uint8Array {
    return this.#held.take();
  }
}

function lineFrame(bytes: Uint8Array): Frame {
  const data = decodeUtf8(bytes).trim();
  return { bytes, data: data === '' ? undefined : data, eventName: undefined, format: 'json' };
}
