/**
 * Cuts text into tokens: words, single characters of scripts without spaces, and punctuation marks. White space, however
 * much of it, only shows as "a space before". A token is known by the hash of its folded form: 64 bits, so that two
 * different words practically never meet, and no word of a dictionary has to be kept as text.
 */
import {
  classOfPoint,
  classTable,
  IGNORED,
  MARK,
  OTHER,
  SINGLE,
  SPACE,
  SURROGATE,
  WORD,
} from '../text/classes.ts';
import { FOLDS_APART, foldTable, foldText } from '../text/fold.ts';

/** A longer word is in no dictionary, and isn't remembered. */
const MAX_TOKEN_LENGTH = 256;

export interface TokenSink {
  /** Offsets are counted from the start of the whole text. */
  token(low: number, high: number, spaceBefore: boolean, start: number, end: number): void;
}

/** Of `openHash`. */
export const HASH_SEED = 0x811c9dc5 | 0;
const HIGH_SEED = 0x2545f491;
export const HASH_PRIME = 0x01000193;
const HIGH_PRIME = 0x5bd1e995;

/** Reads a text in pieces. What it says never depends on where the pieces were cut. */
export class Tokenizer {
  readonly #sink: TokenSink;
  readonly #diacritics: boolean;
  readonly #fold: Uint16Array;
  readonly #classes: Uint8Array;
  /** Class of the token being read; undefined between tokens. */
  #open: typeof WORD | typeof SINGLE | typeof OTHER | undefined;
  #start = 0;
  #end = 0;
  #low = HASH_SEED;
  #high = HIGH_SEED;
  /** What the token holds, once it can't be hashed unit by unit: accents apart, astral letters, folds to several. */
  #irregular = false;
  #spaceBefore = false;
  /** The open token's text before the current piece. */
  #kept = '';
  #offset = 0;
  #piece = '';
  /** A high surrogate that waits for its other half. */
  #half = '';

  constructor(sink: TokenSink, diacritics: boolean) {
    this.#sink = sink;
    this.#diacritics = diacritics;
    this.#fold = foldTable(diacritics);
    this.#classes = classTable();
  }

  /** Where the unfinished token begins; undefined if the text ends between tokens. */
  get openStart(): number | undefined {
    if (this.#open !== undefined) return this.#start;
    return this.#half === '' ? undefined : this.#offset;
  }

  /** Hash of the unfinished word so far, if it has only plain letters. */
  get openHash(): number | undefined {
    return this.#open === WORD && !this.#irregular && this.#half === '' ? this.#low : undefined;
  }

  push(delta: string): void {
    const piece = this.#half + delta;
    const last = piece.charCodeAt(piece.length - 1);
    const cut = last >= 0xd800 && last < 0xdc00 ? piece.length - 1 : piece.length;
    this.#half = piece.slice(cut);
    this.#read(cut === piece.length ? piece : piece.slice(0, cut));
  }

  end(): void {
    const half = this.#half;
    this.#half = '';
    if (half !== '') this.#read(half);
    this.#close();
  }

  #read(piece: string): void {
    const classes = this.#classes;
    const fold = this.#fold;
    this.#piece = piece;
    for (let i = 0; i < piece.length; i++) {
      let unit = piece.charCodeAt(i);
      const kind = classes[unit] as number;
      if (kind === WORD) {
        if (this.#open !== WORD) this.#begin(WORD, i);
        let low = this.#low;
        let high = this.#high;
        do {
          const folded = fold[unit] as number;
          if (folded === FOLDS_APART) this.#irregular = true;
          low = Math.imul(low ^ folded, HASH_PRIME);
          high = Math.imul(high ^ folded, HIGH_PRIME);
          high ^= high >>> 15;
          unit = piece.charCodeAt(++i);
        } while (classes[unit] === WORD);
        this.#low = low;
        this.#high = high;
        this.#end = this.#offset + i;
        i--;
      } else if (kind === SPACE) {
        this.#close();
        this.#spaceBefore = true;
      } else if (kind === SURROGATE) {
        i += this.#readSurrogate(i);
      } else if (kind !== IGNORED) {
        this.#readOne(kind, unit, i, 1);
      }
    }
    this.#keep();
    this.#offset += piece.length;
    this.#piece = '';
  }

  /** How many units beyond the first it took. */
  #readSurrogate(i: number): number {
    const point = this.#piece.codePointAt(i) as number;
    const kind = classOfPoint(point);
    const length = point > 0xffff ? 2 : 1;
    if (kind === SPACE) {
      this.#close();
      this.#spaceBefore = true;
    } else if (kind !== IGNORED) {
      this.#readOne(kind, point, i, length);
      this.#irregular = true;
    }
    return length - 1;
  }

  #readOne(kind: number, unit: number, i: number, length: number): void {
    if (kind === MARK) {
      if (this.#open === undefined) this.#begin(WORD, i);
      this.#irregular = true;
    } else if (kind === WORD) {
      if (this.#open !== WORD) this.#begin(WORD, i);
    } else {
      this.#begin(kind === SINGLE ? SINGLE : OTHER, i);
      const folded = this.#fold[unit & 0xffff] as number;
      if (folded === FOLDS_APART) this.#irregular = true;
      this.#low = Math.imul(this.#low ^ folded, HASH_PRIME);
      this.#high = Math.imul(this.#high ^ folded, HIGH_PRIME);
      this.#high ^= this.#high >>> 15;
    }
    this.#end = this.#offset + i + length;
  }

  #begin(kind: typeof WORD | typeof SINGLE | typeof OTHER, i: number): void {
    this.#close();
    this.#open = kind;
    this.#start = this.#offset + i;
    this.#low = HASH_SEED;
    this.#high = HIGH_SEED;
    this.#irregular = false;
    this.#kept = '';
  }

  #close(): void {
    if (this.#open === undefined) return;
    if (this.#irregular) this.#rehash();
    const spaceBefore = this.#spaceBefore;
    this.#open = undefined;
    this.#spaceBefore = false;
    this.#sink.token(this.#low, this.#high, spaceBefore, this.#start, this.#end);
  }

  #rehash(): void {
    this.#low = HASH_SEED;
    this.#high = HIGH_SEED;
    if (this.#end - this.#start > MAX_TOKEN_LENGTH) return;
    const text =
      this.#kept +
      this.#piece.slice(Math.max(0, this.#start - this.#offset), Math.max(0, this.#end - this.#offset));
    const folded = foldText(withoutIgnored(text, this.#classes), this.#diacritics);
    for (let i = 0; i < folded.length; i++) {
      const unit = folded.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ unit, HASH_PRIME);
      this.#high = Math.imul(this.#high ^ unit, HIGH_PRIME);
      this.#high ^= this.#high >>> 15;
    }
  }

  /** The piece is about to go: an unfinished token takes its own text along, in case it turns out irregular. */
  #keep(): void {
    if (this.#open === undefined || this.#kept.length > MAX_TOKEN_LENGTH) return;
    this.#kept += this.#piece.slice(Math.max(0, this.#start - this.#offset));
  }
}

function withoutIgnored(text: string, classes: Uint8Array): string {
  let kept = '';
  for (const character of text) {
    const unit = character.charCodeAt(0);
    const kind = character.length === 1 ? classes[unit] : classOfPoint(character.codePointAt(0) as number);
    if (kind !== IGNORED) kept += character;
  }
  return kept;
}
