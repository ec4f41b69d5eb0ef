/** One stretch of a text that another service is asked about. Offsets are UTF-16 code units of the whole text. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** What stands before it is sent along, so that nothing is judged out of its context or cut in two. */
  readonly contextStart: number;
  /** From `contextStart` to `end`. */
  readonly text: string;
}

/** Sentence ends, if a space follows, and ends of lines. */
const SENTENCE_END = /[.!?…:;](?=\s)|[。！？｡\n]/g;

/**
 * Cuts a growing text into windows: at the first end of a sentence in a window's second half, else between words, else
 * at its limit. Only the text decides, never how or when it came: a text is always asked about in the same pieces.
 */
export class Windows {
  /** Everything that has come. */
  text = '';
  /** Everything before is in a window, or blank. */
  cutUpTo = 0;
  readonly #chars: number;
  /** The text from here on: as much as is still asked about. */
  #recent = '';
  #base = 0;
  /** No sentence ends before this. */
  #looked = 0;

  constructor(chars: number) {
    this.#chars = chars;
  }

  push(delta: string): readonly Window[] {
    this.text += delta;
    this.#recent += delta;
    return this.text.length - this.cutUpTo > this.#chars >> 1 ? this.#windows(false) : NONE;
  }

  /** No more text for now: the rest is a window too. */
  end(): readonly Window[] {
    return this.#windows(true);
  }

  #windows(last: boolean): readonly Window[] {
    const windows: Window[] = [];
    for (let end = this.#nextEnd(last); end !== undefined; end = this.#nextEnd(last)) {
      const start = this.cutUpTo;
      this.cutUpTo = end;
      const contextStart =
        this.#base + wholeCharacter(this.#recent, Math.max(0, start - this.#chars - this.#base));
      const own = this.#recent.slice(start - this.#base, end - this.#base);
      if (own.trim() !== '') {
        const text = this.#recent.slice(contextStart - this.#base, end - this.#base);
        windows.push({ start, end, contextStart, text });
      }
      const behind = wholeCharacter(this.#recent, Math.max(0, end - this.#chars - this.#base));
      this.#recent = this.#recent.slice(behind);
      this.#base += behind;
    }
    return windows;
  }

  #nextEnd(last: boolean): number | undefined {
    const text = this.#recent;
    const start = this.cutUpTo - this.#base;
    const half = start + (this.#chars >> 1);
    const limit = start + this.#chars;
    const from = Math.max(this.#looked - this.#base, half);
    // What follows a full stop says whether a sentence ends there: one character more has to be known.
    const until = Math.min(text.length - 1, limit);
    if (until > from) {
      SENTENCE_END.lastIndex = from;
      const found = SENTENCE_END.exec(text.length === until + 1 ? text : text.slice(0, until + 1));
      if (found !== null && found.index < until) return this.#base + found.index + 1;
      this.#looked = this.#base + until;
    }
    if (text.length > limit) return this.#base + betweenWords(text, half, limit);
    return last && text.length > start ? this.#base + text.length : undefined;
  }
}

const NONE: readonly Window[] = [];

function betweenWords(text: string, from: number, limit: number): number {
  for (let at = limit; at > from; at--) if (/\s/.test(text.charAt(at - 1))) return at;
  return wholeCharacter(text, limit);
}

/** Never between the halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return at > 0 && unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
