/**
 * Finds any of a very large number of terms in one pass over tokens (Aho and Corasick, over words instead of letters).
 * All transitions stand in one hash table without pointers: a dictionary of 100,000 names takes a few megabytes.
 */

import { FirstTokens } from './tokens.ts';

export const ROOT = 0;
/** Of one term, in tokens. */
export const MAX_TERM_TOKENS = 32;

/** Tokens of all terms, one after the other. */
export interface TermTokens {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** 1 where white space stands before the token. */
  readonly space: Uint8Array;
  /** Index of each term's first token, and the total at the end. */
  readonly starts: Int32Array;
}

const LEAST_SLOTS = 16;
/** Slots per transition: probes stay short, memory small. */
const ROOM = 1.6;

export class TermAutomaton {
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #fallback: Int32Array;
  /** Tokens of the longest term that ends in a state; 0 for none. */
  readonly #found: Uint8Array;
  readonly #depth: Uint8Array;
  /** 1 where some term goes on. */
  readonly #goesOn: Uint8Array;
  readonly #slots: number;
  /** Most words of a text begin no term, and the big table isn't asked about them. */
  readonly firsts = new FirstTokens();

  constructor(terms: TermTokens) {
    this.#slots = Math.max(LEAST_SLOTS, Math.ceil(terms.low.length * ROOM));
    this.#low = new Int32Array(this.#slots);
    this.#high = new Int32Array(this.#slots);
    this.#fallback = new Int32Array(this.#slots + 1);
    this.#found = new Uint8Array(this.#slots + 1);
    this.#depth = new Uint8Array(this.#slots + 1);
    this.#goesOn = new Uint8Array(this.#slots + 1);
    this.#build(terms);
  }

  get bytes(): number {
    return [
      this.#low,
      this.#high,
      this.#fallback,
      this.#found,
      this.#depth,
      this.#goesOn,
      this.firsts.bits,
    ].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  foundAt(state: number): number {
    return this.#found[state] as number;
  }

  depthOf(state: number): number {
    return this.#depth[state] as number;
  }

  /** The longest beginning of a term that can still go on from here. */
  alive(state: number): number {
    let alive = state;
    while (alive !== ROOT && this.#goesOn[alive] === 0) alive = this.#fallback[alive] as number;
    return alive;
  }

  next(state: number, low: number, high: number, space: boolean): number {
    let from = state;
    while (from !== ROOT) {
      const target = this.#find(from, low, high, space);
      if (target !== ROOT) return target;
      from = this.#fallback[from] as number;
    }
    return this.firsts.has(low) ? this.#find(ROOT, low, high, false) : ROOT;
  }

  #find(state: number, low: number, high: number, space: boolean): number {
    const keyLow = mixLow(state, low, space);
    const keyHigh = mixHigh(state, high);
    for (
      let slot = this.#home(keyLow, keyHigh);
      this.#low[slot] !== 0;
      slot = slot + 1 === this.#slots ? 0 : slot + 1
    ) {
      if (this.#low[slot] === keyLow && this.#high[slot] === keyHigh) return slot + 1;
    }
    return ROOT;
  }

  #home(keyLow: number, keyHigh: number): number {
    const spread = Math.imul(keyLow ^ (keyHigh >>> 7), 0x9e3779b1) >>> 0;
    return Math.floor((spread / 4_294_967_296) * this.#slots);
  }

  #insert(state: number, low: number, high: number, space: boolean): number {
    const keyLow = mixLow(state, low, space);
    const keyHigh = mixHigh(state, high);
    let slot = this.#home(keyLow, keyHigh);
    while (this.#low[slot] !== 0) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    this.#low[slot] = keyLow;
    this.#high[slot] = keyHigh;
    return slot + 1;
  }

  /** Level by level, so that a state's fallback, which is less deep, is there already. */
  #build({ low, high, space, starts }: TermTokens): void {
    const count = starts.length - 1;
    const states = new Int32Array(count);
    let open = Array.from({ length: count }, (_, term) => term);
    for (let depth = 0; open.length > 0; depth++) {
      const longer: number[] = [];
      for (const term of open) {
        const at = (starts[term] as number) + depth;
        const parent = states[term] as number;
        const state = this.#child(
          parent,
          low[at] as number,
          high[at] as number,
          depth > 0 && space[at] === 1,
        );
        states[term] = state;
        if (at + 1 === starts[term + 1]) this.#found[state] = depth + 1;
        else longer.push(term);
      }
      open = longer;
    }
  }

  #child(parent: number, low: number, high: number, space: boolean): number {
    const known = this.#find(parent, low, high, space);
    if (known !== ROOT) return known;
    const fallback = parent === ROOT ? ROOT : this.next(this.#fallback[parent] as number, low, high, space);
    const state = this.#insert(parent, low, high, space);
    this.#goesOn[parent] = 1;
    this.#fallback[state] = fallback;
    this.#depth[state] = (this.#depth[parent] as number) + 1;
    this.#found[state] = this.#found[fallback] as number;
    if (parent === ROOT) this.firsts.add(low);
    return state;
  }
}

/** Never 0, which marks an empty slot. */
const mixLow = (state: number, low: number, space: boolean): number => {
  const mixed = low ^ Math.imul(state + 1, space ? 0x85ebca6b : 0xc2b2ae35);
  return mixed === 0 ? 1 : mixed;
};
const mixHigh = (state: number, high: number): number => high ^ Math.imul(state + 1, 0x27d4eb2f);
