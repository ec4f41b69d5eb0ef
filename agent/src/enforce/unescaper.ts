import { ANY_ESCAPE, escapedChar, PLAIN_ESCAPE } from '../core/escapes.ts';

interface Escape {
  /** Place of its character in the text without escapes. */
  readonly char: number;
  /** Where it stands in the text with them. */
  readonly start: number;
  readonly end: number;
}

/** What may go on as an escape. */
const UNFINISHED = /^\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?$/i;
/** So many escapes are remembered before those that nobody asks about any more are dropped. */
const MANY_ESCAPES = 4096;

/** Undoes the escapes of a text that comes in pieces, and knows where each character came from. */
export class Unescaper {
  /** Characters undone so far. */
  length = 0;
  /** Where the last escape of a plain character ends, in the text with escapes. */
  lastPlainEnd: number;
  readonly #base: number;
  /** End of what was read, in the text with escapes. */
  #read: number;
  /** An escape that is not complete; of a run of backslashes, only the last. */
  #rest = '';
  /** Where it begins, with all its backslashes. */
  #restStart = 0;
  #escapes: Escape[] = [];

  constructor(startsAt: number) {
    this.#base = startsAt;
    this.#read = startsAt;
    this.lastPlainEnd = startsAt;
  }

  /** True while nobody can say what the last characters stand for. */
  get isUnfinished(): boolean {
    return this.#rest !== '';
  }

  push(piece: string): string {
    if (this.#rest === '' && !piece.includes('\\')) {
      this.#read += piece.length;
      this.length += piece.length;
      return piece;
    }
    const text = this.#rest + piece;
    const last = text.lastIndexOf('\\');
    const isWhole = last < 0 || !UNFINISHED.test(text.slice(last));
    let cut = isWhole ? text.length : last;
    while (!isWhole && text.charAt(cut - 1) === '\\') cut--;
    const restStart = this.#place(cut);
    const undone = this.#undo(text.slice(0, cut));
    this.#read += piece.length;
    this.#rest = isWhole ? '' : text.slice(last);
    this.#restStart = restStart;
    return undone;
  }

  /** No more text: an escape that is not complete is none. */
  end(): string {
    const undone = this.#undo(this.#rest);
    this.#rest = '';
    return undone;
  }

  /** Where a character begins in the text with escapes; for the one that comes next, where that will. */
  startOf(index: number): number {
    const last = this.#lastEscape(index);
    if (last === undefined) return this.#base + index;
    return last.char === index ? last.start : last.end + index - last.char - 1;
  }

  /** Where the text that ends before this character ends in the text with escapes. */
  endOf(index: number): number {
    const last = this.#lastEscape(index - 1);
    return last?.char === index - 1 ? last.end : this.startOf(index - 1) + 1;
  }

  /** Nobody will ask for characters before this one. */
  forget(index: number): void {
    if (this.#escapes.length < MANY_ESCAPES) return;
    const needed = this.#escapes.findLastIndex(({ char }) => char < index);
    if (needed > 0) this.#escapes = this.#escapes.slice(needed);
  }

  /** Where a character of the rest and what follows it stands, before that is counted as read. */
  #place(index: number): number {
    return index === 0 && this.#rest !== '' ? this.#restStart : this.#read + index - this.#rest.length;
  }

  #undo(text: string): string {
    let undone = '';
    let from = 0;
    for (const match of text.matchAll(ANY_ESCAPE)) {
      const { 0: whole, 1: unicode, 2: hex, 3: char, index } = match;
      undone += text.slice(from, index);
      from = index + whole.length;
      const stands = escapedChar(unicode, hex, char);
      if (stands === '') continue;
      const end = this.#place(from);
      this.#escapes.push({ char: this.length + undone.length, start: this.#place(index), end });
      if (PLAIN_ESCAPE.test(whole)) this.lastPlainEnd = end;
      undone += stands;
    }
    undone += text.slice(from);
    this.length += undone.length;
    return undone;
  }

  #lastEscape(index: number): Escape | undefined {
    let low = 0;
    let high = this.#escapes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#escapes[middle] as Escape).char <= index) low = middle + 1;
      else high = middle;
    }
    return this.#escapes[low - 1];
  }
}
