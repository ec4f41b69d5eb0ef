import type { Match } from '../core/finding.ts';
import type { Redaction } from './redaction.ts';
import { type Window, Windows } from './windows.ts';

/** Names, numbers and code names are shorter: one that spans two windows is withheld whole. */
const MAX_TAIL_CHARS = 100;

/** One text that a service is asked about window by window, and how much of it has been cleared. */
export class AskedText {
  /** What was found in it, wherever it stands. */
  readonly redactions: Redaction[] = [];
  readonly #windows: Windows;
  readonly #tailChars: number;
  #open = 0;
  #ended = false;
  #answeredUpTo = 0;
  #clearedUpTo = 0;

  constructor(windowChars: number) {
    this.#windows = new Windows(windowChars);
    this.#tailChars = Math.min(MAX_TAIL_CHARS, windowChars >> 1);
  }

  get text(): string {
    return this.#windows.text;
  }

  /** Text before this offset may go out: what a window ends with waits for the next one, in which it is seen again. */
  get clearedUpTo(): number {
    return this.#clearedUpTo;
  }

  push(delta: string): readonly Window[] {
    this.#ended = false;
    return this.#opened(this.#windows.push(delta));
  }

  end(): readonly Window[] {
    this.#ended = true;
    return this.#opened(this.#windows.end());
  }

  settle(window: Window): void {
    this.#open--;
    this.#answeredUpTo = window.end;
    this.#clear();
  }

  #opened(windows: readonly Window[]): readonly Window[] {
    this.#open += windows.length;
    this.#clear();
    return windows;
  }

  #clear(): void {
    const { cutUpTo, text } = this.#windows;
    // What is blank is in no window.
    if (this.#open === 0) this.#answeredUpTo = cutUpTo;
    const whole = this.#ended && this.#answeredUpTo === text.length;
    const cleared = whole ? text.length : this.#answeredUpTo - this.#tailChars;
    this.#clearedUpTo = Math.max(this.#clearedUpTo, cleared);
  }
}

/** True if what is taken out of JSON source would take its syntax along, or half of an escape. */
export function tearsJson(text: string, { start, end }: Pick<Match, 'start' | 'end'>): boolean {
  let escaped = false;
  for (let at = 0; at < end; at++) {
    const inside = at >= start;
    if (escaped) {
      if (at === start) return true;
      escaped = false;
    } else if (text.charAt(at) === '\\') escaped = true;
    else if (inside && text.charAt(at) === '"') return true;
  }
  return escaped;
}
