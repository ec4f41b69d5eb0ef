import { CuttingFramer, type FrameEnds } from './cutting-framer.ts';
import type { Frame, FramerLimits } from './frame.ts';
import { decodeUtf8 } from './held-bytes.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Gemini's stream without `alt=sse`: one JSON array whose elements arrive one by one. A frame is an element with the
 * bracket, comma and space before it. A top-level object (an error body) is a frame too; a closing bracket comes
 * last, without data.
 */
export class JsonArrayFramer extends CuttingFramer {
  constructor(limits?: FramerLimits) {
    super(new ElementEnds(), jsonFrame, limits);
  }
}

class ElementEnds implements FrameEnds {
  /** Nesting inside the current element; 0 between elements. */
  #depth = 0;
  #inString = false;
  #escaped = false;

  next(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || (byte === OPEN_BRACKET && this.#depth > 0)) this.#depth++;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && this.#depth > 0) {
        this.#depth--;
        if (this.#depth === 0) return i + 1;
      }
    }
    return -1;
  }
}

/** The element within its frame: from the first brace on. */
function jsonFrame(bytes: Uint8Array): Frame {
  const text = decodeUtf8(bytes);
  const brace = text.indexOf('{');
  return { bytes, data: brace < 0 ? undefined : text.slice(brace), eventName: undefined, format: 'json' };
}
