import type { CompiledRule } from './compile.ts';

/** So many keywords of one rule within so many characters are no longer text that someone wrote. */
const MANY = 16;
const NEARBY = 4096;

/**
 * How far a costly rule may look at a keyword: less where its keywords follow one another closely, so that a text made
 * of keywords costs a bounded amount per character. It depends on the text before the keyword and on nothing else.
 */
export class KeywordDensity {
  /** By rule: where its last keywords started. */
  readonly #recent = new Map<CompiledRule, number[]>();

  /** To be asked for every keyword, in the order of the text. The answer counts from the start of the whole text. */
  limitAt(rule: CompiledRule, at: number): number {
    const { reach } = rule.expression;
    if (reach === undefined) return Number.POSITIVE_INFINITY;
    const recent = this.#recent.get(rule) ?? [];
    recent.push(at);
    if (recent.length > MANY) recent.shift();
    this.#recent.set(rule, recent);
    const isDense = recent.length === MANY && at - (recent[0] as number) < NEARBY;
    return at + (isDense ? reach.dense : reach.usual);
  }
}
