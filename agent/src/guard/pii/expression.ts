import { parsePattern } from '../engine/pattern.ts';

/** A bounded expression (the subset of engine/pattern.ts) that also knows when more text could change what it says. */
export class Expression {
  readonly #matcher: RegExp;
  readonly #undecided: RegExp;
  readonly #maxLength: number;

  constructor(source: string) {
    const pattern = parsePattern(source);
    this.#matcher = new RegExp(pattern.source, 'y');
    this.#undecided = new RegExp(pattern.undecidedSource, 'y');
    this.#maxLength = pattern.maxLength + 2;
  }

  /** At `at` or not at all. */
  read(text: string, at: number, isEnd: boolean): RegExpExecArray | 'more' | undefined {
    if (!isEnd && text.length - at <= this.#maxLength) {
      this.#undecided.lastIndex = at;
      if (this.#undecided.test(text)) return 'more';
    }
    this.#matcher.lastIndex = at;
    return this.#matcher.exec(text) ?? undefined;
  }
}
