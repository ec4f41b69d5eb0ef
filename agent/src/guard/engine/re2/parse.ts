/**
 * Reads RE2's syntax (https://github.com/google/re2/wiki/Syntax) as far as expressions for credentials use it, with flags
 * resolved into the sets of characters they mean. What it can't read (Unicode classes, ungreedy mode) it says so.
 */
import {
  ANY,
  type CodeUnits,
  complement,
  DIGIT,
  foldCase,
  NEWLINE,
  one,
  SPACE,
  union,
  WORD,
} from './code-units.ts';

export type Node =
  | { readonly type: 'set'; readonly set: CodeUnits }
  | { readonly type: 'assert'; readonly kind: AssertKind }
  | {
      readonly type: 'group';
      readonly capture: number | undefined;
      readonly alternatives: readonly Sequence[];
    }
  | {
      readonly type: 'repeat';
      readonly node: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };
export type Sequence = readonly Node[];
type AssertKind = 'word' | 'not-word' | 'start' | 'end' | 'line-start' | 'line-end';

/** The expression is valid RE2 perhaps, but outside of what this reader knows. */
export class UnreadableExpression extends Error {
  override readonly name = 'UnreadableExpression';
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const POSIX: Readonly<Record<string, CodeUnits>> = {
  alnum: union([DIGIT, [[65, 90]], [[97, 122]]]),
  alpha: [
    [65, 90],
    [97, 122],
  ],
  ascii: [[0, 127]],
  digit: DIGIT,
  lower: [[97, 122]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [[65, 90]],
  word: WORD,
  xdigit: union([DIGIT, [[65, 70]], [[97, 102]]]),
};
const ESCAPED_SETS: Readonly<Record<string, CodeUnits>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};
const ESCAPED_UNITS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const ASSERTS: Readonly<Record<string, AssertKind>> = { b: 'word', B: 'not-word', A: 'start', z: 'end' };
const MAX_DEPTH = 50;

export function parseRe2(source: string): readonly Sequence[] {
  const reader = new Reader(source);
  const alternatives = reader.alternatives({ i: false, m: false, s: false }, 0);
  if (!reader.atEnd) throw new UnreadableExpression('unmatched parenthesis');
  return alternatives;
}

class Reader {
  readonly #source: string;
  #at = 0;
  #captures = 0;
  constructor(source: string) {
    this.#source = source;
  }

  get atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  alternatives(outer: Flags, depth: number): Sequence[] {
    if (depth > MAX_DEPTH) throw new UnreadableExpression('nested too deeply');
    let flags = outer;
    const all: Node[][] = [[]];
    while (!this.atEnd && this.#source[this.#at] !== ')') {
      if (this.#eat('|')) {
        all.push([]);
        continue;
      }
      const inline = this.#match(/\(\?([a-zA-Z-]*)\)/y);
      if (inline !== undefined) {
        // Flags set inside a group hold until it ends, over its alternatives too.
        flags = changeFlags(flags, inline[1] as string);
        continue;
      }
      const atom = this.#atom(flags, depth);
      (all.at(-1) as Node[]).push(this.#quantified(atom));
    }
    return all;
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #eat(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #atom(flags: Flags, depth: number): Node {
    const group = this.#match(/\((?:\?P?<[A-Za-z0-9_]+>|\?([a-zA-Z-]*):)?/y);
    if (group !== undefined) {
      const isPlain = group[0].endsWith(':');
      const inner = isPlain ? changeFlags(flags, group[1] ?? '') : flags;
      if (!isPlain) this.#captures++;
      const capture = isPlain ? undefined : this.#captures;
      const alternatives = this.alternatives(inner, depth + 1);
      if (!this.#eat(')')) throw new UnreadableExpression('missing parenthesis');
      return { type: 'group', capture, alternatives };
    }
    if (this.#eat('^')) return { type: 'assert', kind: flags.m ? 'line-start' : 'start' };
    if (this.#eat('$')) return { type: 'assert', kind: flags.m ? 'line-end' : 'end' };
    if (this.#eat('.')) return { type: 'set', set: flags.s ? ANY : complement(NEWLINE) };
    if (this.#eat('[')) return { type: 'set', set: this.#characterClass(flags) };
    const assert = this.#match(/\\([bBAz])/y);
    if (assert !== undefined) return { type: 'assert', kind: ASSERTS[assert[1] as string] as AssertKind };
    const set = this.#unitOrSet();
    return { type: 'set', set: flags.i ? foldCase(set) : set };
  }

  #characterClass(flags: Flags): CodeUnits {
    const isNegated = this.#eat('^');
    const parts: CodeUnits[] = [];
    for (let isFirst = true; isFirst || this.#source[this.#at] !== ']'; isFirst = false) {
      if (this.atEnd) throw new UnreadableExpression('missing bracket');
      const posix = this.#match(/\[:(\^?)([a-z]+):\]/y);
      if (posix !== undefined) {
        const named = POSIX[posix[2] as string];
        if (named === undefined) throw new UnreadableExpression('unknown class');
        parts.push(posix[1] === '^' ? complement(named) : named);
        continue;
      }
      const low = this.#unitOrSet();
      const first = low[0]?.[0];
      const isUnit = low.length === 1 && first === low[0]?.[1];
      if (isUnit && first !== undefined && this.#match(/-(?!\])/y) !== undefined) {
        const last = this.#unitOrSet().at(-1)?.[1] as number;
        if (last < first) throw new UnreadableExpression('range out of order');
        parts.push([[first, last]]);
      } else {
        parts.push(low);
      }
    }
    this.#at++;
    const set = flags.i ? foldCase(union(parts)) : union(parts);
    return isNegated ? complement(set) : set;
  }

  /** A literal, or an escape. */
  #unitOrSet(): CodeUnits {
    if (this.#eat('\\')) {
      const hex = this.#match(/x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})/y);
      if (hex !== undefined) return basic(Number.parseInt(hex[1] ?? (hex[2] as string), 16));
      const letter = this.#source[this.#at++] ?? '';
      const set = ESCAPED_SETS[letter];
      if (set !== undefined) return set;
      const unit = ESCAPED_UNITS[letter];
      if (unit !== undefined) return one(unit);
      if (letter === '' || /[A-Za-z0-9]/.test(letter)) throw new UnreadableExpression(`\\${letter}`);
      return one(letter.charCodeAt(0));
    }
    const point = this.#source.codePointAt(this.#at) as number;
    this.#at++;
    return basic(point);
  }

  #quantified(node: Node): Node {
    const found = this.#match(/([*+?])|\{(\d+)(,?)(\d*)\}/y);
    if (found === undefined) return node;
    const [, sign, low, comma, high] = found;
    const lazy = this.#eat('?');
    const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0;
    const max =
      sign === undefined
        ? high !== ''
          ? Number(high)
          : comma === ''
            ? min
            : Number.POSITIVE_INFINITY
        : sign === '?'
          ? 1
          : Number.POSITIVE_INFINITY;
    return { type: 'repeat', node, min, max, lazy };
  }
}

/** Characters beyond the first plane are two code units; no set of units can stand for them. */
function basic(point: number): CodeUnits {
  if (point > 0xffff || (point >= 0xd800 && point < 0xe000))
    throw new UnreadableExpression('astral character');
  return one(point);
}

function changeFlags(flags: Flags, written: string): Flags {
  const [on = '', off = ''] = written.split('-');
  if (/[^ims]/.test(on + off)) throw new UnreadableExpression(`flags ${written}`);
  const value = (flag: 'i' | 'm' | 's'): boolean => (flags[flag] || on.includes(flag)) && !off.includes(flag);
  return { i: value('i'), m: value('m'), s: value('s') };
}
