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
import { FOLDS_APART, type Folding, foldTable, foldText } from '../text/fold.ts';

/** A longer word is in no dictionary, and isn't remembered. */
const MAX_TOKEN_LENGTH = 256;

/** Of what follows the last character of a piece: unknown. */
const END = 7;

type TokenClass = typeof WORD | typeof SINGLE | typeof OTHER;

export interface TokenSink {
  /**
   * Offsets are counted from the start of the whole text. True: until told otherwise, only tokens that are among the
   * first ones (see `FirstTokens`) matter.
   */
  token(low: number, high: number, spaceBefore: boolean, start: number, end: number): boolean;
}

/** The low hashes of tokens with which something begins, in one bit each. May err towards true. */
export class FirstTokens {
  readonly bits = new Uint32Array(2 ** (FIRST_BITS - 5));

  add(low: number): void {
    const bit = firstBit(low);
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << (bit & 31));
  }

  has(low: number): boolean {
    return isFirst(this.bits, low);
  }
}

const FIRST_BITS = 20;
const firstBit = (low: number): number => Math.imul(low, 0x9e3779b1) >>> (32 - FIRST_BITS);
const isFirst = (bits: Uint32Array, low: number): boolean => {
  const bit = firstBit(low);
  return ((bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
};

/**
 * Text is copied into numbers first, so much at a time: a string is asked what it is made of for each of its characters,
 * an array is not. Shared by all: nothing that is told of a token reads another text.
 */
const UNITS = new Uint16Array(16_384);
const UNIT_BYTES = Buffer.from(UNITS.buffer);
/** Below this, the call costs more than it saves. */
const SHORT = 32;

function copyUnits(text: string): void {
  if (text.length >= SHORT) UNIT_BYTES.write(text, 0, 'utf16le');
  else for (let i = 0; i < text.length; i++) UNITS[i] = text.charCodeAt(i);
}

const APART = 0x80_000;
const tables = new Map<Folding, Uint32Array>();

/** Of every UTF-16 code unit, in one number: its class (from bit 16), its fold, and whether it folds to several. */
function unitTable(folding: Folding): Uint32Array {
  const known = tables.get(folding);
  if (known !== undefined) return known;
  const classes = classTable();
  const table = foldTable(folding).reduce((all, fold, unit) => {
    all[unit] = ((classes[unit] as number) << 16) | fold | (fold === FOLDS_APART ? APART : 0);
    return all;
  }, new Uint32Array(65_536));
  tables.set(folding, table);
  return table;
}

/** Of `openHash`. */
export const HASH_SEED = 0x811c9dc5 | 0;
const HIGH_SEED = 0x2545f491;
export const HASH_PRIME = 0x01000193;
const HIGH_PRIME = 0x5bd1e995;

/** Reads a text in pieces. What it says never depends on where the pieces were cut. */
export class Tokenizer {
  readonly #sink: TokenSink;
  readonly #folding: Folding;
  readonly #fold: Uint16Array;
  readonly #classes: Uint8Array;
  readonly #table: Uint32Array;
  readonly #firsts: Uint32Array | undefined;
  /** Only first tokens matter. */
  #idle = true;
  /** Class of the token being read; undefined between tokens. */
  #open: TokenClass | undefined;
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

  /** `firsts`: tokens that the sink can do without aren't told, and half of their hash isn't worked out. */
  constructor(sink: TokenSink, folding: Folding, firsts?: FirstTokens) {
    this.#sink = sink;
    this.#folding = folding;
    this.#table = unitTable(folding);
    this.#firsts = firsts?.bits;
    this.#fold = foldTable(folding);
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

  #read(text: string): void {
    for (let from = 0; from < text.length; ) {
      const last = text.charCodeAt(from + UNITS.length - 1);
      const to = from + UNITS.length - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
      this.#readBlock(from === 0 && to >= text.length ? text : text.slice(from, to));
      from = to;
    }
  }

  #readBlock(piece: string): void {
    this.#piece = piece;
    copyUnits(piece);
    for (let i = 0; i < piece.length; ) {
      i = this.#readPlain(i);
      if (i < piece.length) i = this.#readOdd(i);
    }
    this.#keep();
    this.#offset += piece.length;
    this.#piece = '';
  }

  /** Nearly everything: tokens that are told in one go. Returns where something odd stands, or the piece ends. */
  #readPlain(from: number): number {
    if (this.#open !== undefined) return from;
    const table = this.#table;
    const firsts = this.#firsts;
    const offset = this.#offset;
    const length = this.#piece.length;
    let spaceBefore = this.#spaceBefore;
    let idle = this.#idle;
    let i = from;
    let entry = table[UNITS[i] as number] as number;
    let kind = kindOf(entry);
    while (kind < MARK) {
      const first = kind;
      const start = i;
      let low = HASH_SEED;
      let seen = 0;
      do {
        seen |= entry;
        low = Math.imul(low ^ (entry & 0xffff), HASH_PRIME);
        entry = ++i < length ? (table[UNITS[i] as number] as number) : END << 16;
        kind = kindOf(entry);
      } while (kind === WORD && first === WORD);
      if (first === SPACE) {
        spaceBefore = true;
        continue;
      }
      const apart = (seen & APART) !== 0;
      if (apart || kind >= MARK) {
        this.#spaceBefore = spaceBefore;
        this.#idle = idle;
        this.#begin(first as TokenClass, start);
        this.#low = low;
        this.#high = this.#highOf(start, i);
        this.#irregular = apart;
        this.#end = offset + i;
        return i;
      }
      if (!idle || firsts === undefined || isFirst(firsts, low))
        idle = this.#sink.token(low, this.#highOf(start, i), spaceBefore, offset + start, offset + i);
      spaceBefore = false;
    }
    this.#spaceBefore = spaceBefore;
    this.#idle = idle;
    return i;
  }

  #highOf(start: number, end: number): number {
    let high = HIGH_SEED;
    for (let i = start; i < end; i++) {
      high = Math.imul(high ^ ((this.#table[UNITS[i] as number] as number) & 0xffff), HIGH_PRIME);
      high ^= high >>> 15;
    }
    return high;
  }

  /** One character after a token that isn't finished, or one that isn't a letter of its own. */
  #readOdd(i: number): number {
    const unit = this.#piece.charCodeAt(i);
    const kind = this.#classes[unit] as number;
    if (kind === WORD && this.#open === WORD) return this.#continueWord(i);
    if (kind === SURROGATE) return i + this.#readSurrogate(i);
    if (kind < MARK) this.#close();
    else if (kind !== IGNORED) this.#readOne(kind, unit, i, 1);
    return kind < MARK ? i : i + 1;
  }

  #continueWord(from: number): number {
    const classes = this.#classes;
    const piece = this.#piece;
    let i = from;
    do {
      this.#extend(this.#fold[piece.charCodeAt(i)] as number);
      i++;
    } while (i < piece.length && classes[piece.charCodeAt(i)] === WORD);
    this.#end = this.#offset + i;
    return i;
  }

  #extend(folded: number): void {
    if (folded === FOLDS_APART) this.#irregular = true;
    this.#low = Math.imul(this.#low ^ folded, HASH_PRIME);
    this.#high = Math.imul(this.#high ^ folded, HIGH_PRIME);
    this.#high ^= this.#high >>> 15;
  }

  /** How many units it took. */
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
    return length;
  }

  #readOne(kind: number, unit: number, i: number, length: number): void {
    if (kind === MARK) {
      if (this.#open === undefined) this.#begin(WORD, i);
      this.#irregular = true;
    } else if (kind === WORD) {
      if (this.#open !== WORD) this.#begin(WORD, i);
    } else {
      this.#begin(kind === SINGLE ? SINGLE : OTHER, i);
      this.#extend(this.#fold[unit & 0xffff] as number);
    }
    this.#end = this.#offset + i + length;
  }

  #begin(kind: TokenClass, i: number): void {
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
    this.#idle = this.#sink.token(this.#low, this.#high, spaceBefore, this.#start, this.#end);
  }

  #rehash(): void {
    this.#low = HASH_SEED;
    this.#high = HIGH_SEED;
    if (this.#end - this.#start > MAX_TOKEN_LENGTH) return;
    const text =
      this.#kept +
      this.#piece.slice(Math.max(0, this.#start - this.#offset), Math.max(0, this.#end - this.#offset));
    const folded = foldText(withoutIgnored(text, this.#classes), this.#folding);
    for (let i = 0; i < folded.length; i++) this.#extend(folded.charCodeAt(i));
  }

  /** The piece is about to go: an unfinished token takes its own text along, in case it turns out irregular. */
  #keep(): void {
    if (this.#open === undefined || this.#kept.length > MAX_TOKEN_LENGTH) return;
    this.#kept += this.#piece.slice(Math.max(0, this.#start - this.#offset));
  }
}

const kindOf = (entry: number): number => (entry >>> 16) & 7;

function withoutIgnored(text: string, classes: Uint8Array): string {
  let kept = '';
  for (const character of text) {
    const unit = character.charCodeAt(0);
    const kind = character.length === 1 ? classes[unit] : classOfPoint(character.codePointAt(0) as number);
    if (kind !== IGNORED) kept += character;
  }
  return kept;
}
