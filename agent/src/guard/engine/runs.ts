import type { CompiledRule } from './compile.ts';

const membersOf = new Map<string, Uint8Array>();

function members(set: string): Uint8Array {
  let known = membersOf.get(set);
  if (known === undefined) {
    const matcher = new RegExp(`^[${set}]$`);
    known = Uint8Array.from({ length: 128 }, (_, unit) => (matcher.test(String.fromCharCode(unit)) ? 1 : 0));
    membersOf.set(set, known);
  }
  return known;
}

/** Runs of one text. Each is measured once for its set, however many keywords stand in it. */
export class Runs {
  readonly #text: string;
  /** By set: start and end of the run measured last. */
  readonly #last = new Map<string, { start: number; end: number }>();

  constructor(text: string) {
    this.#text = text;
  }

  /** False if the run after a prefix that ends at `from` shows that the rule can't match. */
  allows({ rule }: CompiledRule, from: number): boolean {
    const run = 'pattern' in rule ? rule.run : undefined;
    if (run === undefined) return true;
    const length = this.#end(run.set, from) - from;
    return length >= run.min && (run.max === undefined || length <= run.max);
  }

  #end(set: string, from: number): number {
    const last = this.#last.get(set);
    if (last !== undefined && from >= last.start && from <= last.end) return last.end;
    const member = members(set);
    const text = this.#text;
    let end = from;
    while (end < text.length && member[text.charCodeAt(end)] === 1) end++;
    this.#last.set(set, { start: from, end });
    return end;
  }
}
