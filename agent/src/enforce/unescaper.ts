import { escapeAt } from '../core/escapes.ts';

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
  /** For each escape, its character's place in the text without escapes, and its own place in the text with them. */
  #chars: number[] = [];
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(startsAt: number) {
    this.#base = startsAt;
    this.#read = startsAt;
    this.lastPlainEnd = startsAt;
  }

  /** True while nobody can say what the last characters stand for. */
  get isUnfinished(): boolean {
    return this.#rest !== '';
  }

  /** What stands as itself, escapes and all. */
  pushAsItStands(piece: string): string {
    this.#read += piece.length;
    this.length += piece.length;
    return piece;
  }

  push(piece: string): string {
    if (this.#rest === '' && !piece.includes('\\')) return this.pushAsItStands(piece);
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
    if (last < 0) return this.#base + index;
    const char = this.#chars[last] as number;
    return char === index ? (this.#starts[last] as number) : (this.#ends[last] as number) + index - char - 1;
  }

  /** Where the text that ends before this character ends in the text with escapes. */
  endOf(index: number): number {
    const last = this.#lastEscape(index - 1);
    return this.#chars[last] === index - 1 ? (this.#ends[last] as number) : this.startOf(index - 1) + 1;
  }

  /** Nobody will ask for characters before this one. */
  forget(index: number): void {
    if (this.#chars.length < MANY_ESCAPES) return;
    const needed = this.#lastEscape(index - 1);
    if (needed < MANY_ESCAPES / 2) return;
    this.#chars = this.#chars.slice(needed);
    this.#starts = this.#starts.slice(needed);
    this.#ends = this.#ends.slice(needed);
  }

  /** Where a character of the rest and what follows it stands, before that is counted as read. */
  #place(index: number): number {
    return index === 0 && this.#rest !== '' ? this.#restStart : this.#read + index - this.#rest.length;
  }

  #undo(text: string): string {
    let undone = '';
    let from = 0;
    for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
      const found = escapeAt(text, at);
      undone += text.slice(from, at);
      from = found?.end ?? text.length;
      if (found === undefined) continue;
      const end = this.#place(from);
      this.#chars.push(this.length + undone.length);
      this.#starts.push(this.#place(at));
      this.#ends.push(end);
      if (found.isPlain) this.lastPlainEnd = end;
      undone += String.fromCharCode(found.code);
    }
    undone += text.slice(from);
    this.length += undone.length;
    return undone;
  }

  /** The last escape whose character stands there or before; -1 if there is none. */
  #lastEscape(index: number): number {
    let low = 0;
    let high = this.#chars.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chars[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
