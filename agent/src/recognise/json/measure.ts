const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Values that a body may hold: a million are parsed and read in a fraction of a second, and no real call has more. */
export const MAX_VALUES = 1_000_000;
/** Nesting past which a body isn't even parsed. */
export const MAX_NESTING = 10_000;

/**
 * How much structure a JSON text has, told before it is parsed: JSON.parse can't be interrupted, and 64 MB of empty
 * arrays would hold everything up for many seconds. Takes the text in pieces, cut anywhere.
 */
export class JsonMeasure {
  /** A lower bound: separators and brackets, not scalars that stand alone. */
  values = 0;
  nesting = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  get tooMuch(): boolean {
    return this.values > MAX_VALUES;
  }

  get tooDeep(): boolean {
    return this.nesting > MAX_NESTING;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length)
      at = this.#inString ? this.#crossString(bytes, at) : this.#crossStructure(bytes, at);
  }

  /** Returns where the string ends, or the piece. */
  #crossString(bytes: Uint8Array, start: number): number {
    let at = start;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote < 0 ? bytes.length : quote;
      // Only the backslashes right before the quote count; what was skipped above is before `at`.
      let backslashes = 0;
      while (end - 1 - backslashes >= at && bytes[end - 1 - backslashes] === BACKSLASH) backslashes++;
      const escapes = backslashes % 2 === 1;
      if (quote < 0) {
        this.#escaped = escapes;
        return bytes.length;
      }
      at = quote + 1;
      if (escapes) continue;
      this.#inString = false;
      return at;
    }
  }

  #crossStructure(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#inString = true;
        return at + 1;
      }
      if (byte === COMMA) this.values++;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.values++;
        this.#depth++;
        if (this.#depth > this.nesting) this.nesting = this.#depth;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--;
    }
    return bytes.length;
  }
}
