/**
 * Text that grows, walked through once from left to right: for detectors whose matches don't begin with a keyword (a
 * digit, an `@`, an invisible character). A walk halts where more text could change what it says and goes on from there
 * with the next piece. A whole scan is the same walk told that nothing more comes, so the verdict can't depend on cuts.
 */
import type { Detector, Match, StreamScan, StreamScanner } from '../core/finding.ts';

export interface TextWindow {
  readonly text: string;
  /** Where `text` starts in the whole. */
  readonly base: number;
  /** No more text comes: nothing is undecided any more. */
  readonly isEnd: boolean;
}

export interface Progress {
  /** Index into the window's text from which to walk on; all before is decided. */
  readonly at: number;
  /** Index into the window's text: no later match starts before it. */
  readonly safeUpTo: number;
}

/** State of one walk. */
export interface Walk {
  /** Reads at most `lookBehind` characters before `from`. Appends matches by start, in offsets of the whole. */
  advance(window: TextWindow, from: number, found: Match[]): Progress;
}

/** A kind of walk: how to start one, and how far back it looks. */
export interface Walker {
  readonly lookBehind: number;
  begin(): Walk;
}

export function createWalkDetector(id: string, walker: Walker): Detector {
  return {
    id,
    scan(text) {
      const found: Match[] = [];
      walker.begin().advance({ text, base: 0, isEnd: true }, 0, found);
      return found;
    },
    openStream: () => new WalkStream(walker),
  };
}

/** Text is dropped in pieces of this size, not with every delta. */
const FORGET_CHARS = 1024;

export class WalkStream implements StreamScanner {
  readonly #walk: Walk;
  readonly #lookBehind: number;
  #text = '';
  #base = 0;
  #at = 0;

  constructor(walker: Walker) {
    this.#walk = walker.begin();
    this.#lookBehind = walker.lookBehind;
  }

  /** Length of the tail kept in memory. */
  get keptChars(): number {
    return this.#text.length;
  }

  push(delta: string): StreamScan {
    this.#text += delta;
    return this.#advance(false);
  }

  end(): StreamScan {
    return this.#advance(true);
  }

  #advance(isEnd: boolean): StreamScan {
    const matches: Match[] = [];
    const base = this.#base;
    const { at, safeUpTo } = this.#walk.advance({ text: this.#text, base, isEnd }, this.#at, matches);
    this.#at = at;
    const excess = at - this.#lookBehind;
    if (excess >= FORGET_CHARS) {
      this.#text = this.#text.slice(excess);
      this.#base += excess;
      this.#at -= excess;
    }
    return { matches, safeUpTo: base + safeUpTo };
  }
}
