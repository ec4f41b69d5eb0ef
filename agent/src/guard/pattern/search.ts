import type { Match } from '../../core/finding.ts';
import type { DescribedExpression } from './compile.ts';
import { has } from './shape.ts';

/** The part of a text that is remembered. */
export interface TextWindow {
  readonly text: string;
  /** Where it starts in the whole text. */
  readonly offset: number;
  /** True if the whole text ends where it does. */
  readonly ended: boolean;
}

const FORGET_HITS = 1024;

/** Characters of the alphabet in a row that are being looked at. Offsets count in the whole text. */
interface Run {
  /** No match starts before this. */
  start: number;
  /** Every character between `start` and here belongs to it. */
  known: number;
}

/**
 * One expression on its way through one text. The text is divided into cells as long as the longest match; matches that
 * start in one cell are looked for in it and the next one, as far as the alphabet reaches. Neither cells nor runs depend
 * on how the text arrived, and nothing is decided before all of a window is known.
 */
export class ExpressionSearch {
  readonly looksEverywhere: boolean;
  readonly #described: DescribedExpression;
  #run: Run | undefined;
  /** Keywords in order of their ends: starts and ends by turns. Those before `#head` are used up. */
  readonly #hits: number[] = [];
  #head = 0;
  /** All matches that start before this are known. */
  #doneTo = 0;
  #lastEnd = 0;

  constructor(described: DescribedExpression) {
    this.#described = described;
    this.looksEverywhere = described.expression.keywords.length === 0;
  }

  /** Where the first match may start that isn't decided. */
  get undecidedFrom(): number | undefined {
    return this.#run === undefined ? undefined : Math.max(this.#run.start, this.#lastEnd);
  }

  announce(start: number, end: number): void {
    this.#hits.push(start, end);
  }

  advance(window: TextWindow, found: Match[]): void {
    while (this.#run !== undefined || this.#nextRun(window)) {
      if (!this.#step(window, found)) return;
    }
  }

  /** Decides the run's current cell. False if the text isn't known far enough. */
  #step(window: TextWindow, found: Match[]): boolean {
    const run = this.#run;
    if (run === undefined) return false;
    const { alphabet, cellLength, minLength } = this.#described.expression;
    const length = window.offset + window.text.length;
    const cellEnd = (Math.floor(run.start / cellLength) + 1) * cellLength;
    const limit = cellEnd + cellLength;
    const reach = Math.min(length, limit);
    let known = run.known;
    while (known < reach && has(alphabet, window.text.charCodeAt(known - window.offset))) known++;
    run.known = known;
    // One more character is needed: expressions look at what follows. It is there, unless the run goes on or the text ends.
    if (known === length && !window.ended) return false;
    if (known - run.start >= minLength && this.#isAnnounced(run.start, known)) {
      this.#find(window, run, cellEnd, found);
    }
    this.#doneTo = Math.min(cellEnd, known);
    this.#dropHitsBefore(this.#doneTo);
    if (known > cellEnd && (this.looksEverywhere || this.#head < this.#hits.length)) run.start = cellEnd;
    else this.#run = undefined;
    return true;
  }

  #isAnnounced(start: number, end: number): boolean {
    if (this.looksEverywhere) return true;
    for (let i = this.#head; i < this.#hits.length && (this.#hits[i + 1] as number) <= end; i += 2) {
      if ((this.#hits[i] as number) >= start) return true;
    }
    return false;
  }

  #dropHitsBefore(offset: number): void {
    while (this.#head < this.#hits.length && (this.#hits[this.#head] as number) < offset) this.#head += 2;
    if (this.#head < this.#hits.length && this.#head < FORGET_HITS) return;
    this.#hits.splice(0, this.#head);
    this.#head = 0;
  }

  #nextRun(window: TextWindow): boolean {
    return this.looksEverywhere ? this.#nextRunAnywhere(window) : this.#nextRunAtHit(window);
  }

  #nextRunAnywhere({ text, offset }: TextWindow): boolean {
    const { alphabet } = this.#described.expression;
    let at = this.#doneTo - offset;
    while (at < text.length && !has(alphabet, text.charCodeAt(at))) at++;
    this.#doneTo = offset + at;
    if (at === text.length) return false;
    this.#run = { start: this.#doneTo, known: this.#doneTo };
    return true;
  }

  #nextRunAtHit({ text, offset }: TextWindow): boolean {
    const { alphabet, before, cellLength } = this.#described.expression;
    for (; this.#head < this.#hits.length; this.#head += 2) {
      const start = this.#hits[this.#head] as number;
      const end = this.#hits[this.#head + 1] as number;
      if (start < this.#doneTo) continue;
      let known = start;
      while (known < end && has(alphabet, text.charCodeAt(known - offset))) known++;
      // The word in another case, say: this expression doesn't match it.
      if (known < end) continue;
      const cellBefore = (Math.floor(start / cellLength) - 1) * cellLength;
      const floor = Math.max(cellBefore, this.#doneTo, start - before, 0);
      let from = start;
      while (from > floor && has(alphabet, text.charCodeAt(from - 1 - offset))) from--;
      this.#run = { start: from, known };
      return true;
    }
    this.#hits.length = 0;
    this.#head = 0;
    return false;
  }

  #find({ text, offset, ended }: TextWindow, run: Run, cellEnd: number, found: Match[]): void {
    const { expression, kind, label, severity, confidence } = this.#described;
    const from = Math.max(run.start, this.#lastEnd);
    // With a character more on either side, for `\b`, `^` and `$`.
    const sliceStart = Math.max(0, from - 1 - offset);
    const slice = text.slice(sliceStart, run.known + 1 - offset);
    const base = offset + sliceStart;
    const isWhole = ended && base + slice.length === offset + text.length;
    const matcher = expression.matcher.matcher(slice);
    let more = matcher.find(from - base);
    for (; more; more = matcher.find()) {
      const start = base + matcher.start();
      const end = base + matcher.end();
      if (start >= cellEnd) return;
      // What ends where the window does may end there only because the window does.
      if (expression.looksAhead && end === base + slice.length && !isWhole) continue;
      if (expression.mustContain && !this.#isAnnounced(start, end)) continue;
      this.#lastEnd = end;
      found.push({ kind, label, severity, confidence, start, end });
    }
  }
}
