/**
 * Reads a rule's regular expression, refuses what isn't bounded, and derives from it a second expression that answers
 * the question a stream poses: could more text still change the outcome?
 *
 * The subset: literals, escapes, character sets, groups `( )`, `(?: )`, `(?i: )`, alternation, `?` and `{m,n}` (greedy
 * or lazy), lookaheads and lookbehinds, `^`. Neither `*`, `+`, `{m,}`, `.`, `$`, `\b` nor back-references.
 *
 * What stands in `(?i: )` is written out in both cases, because V8 loses matches there: in Node 24
 * `/(?i:pass(?:w(?:or)?d|wort)|paswd)/` doesn't match `PASWD`. So it holds no assertions.
 */
export interface Pattern {
  readonly source: string;
  /** Matches at a position exactly if some way through `source` from there runs into the end of the text. */
  readonly undecidedSource: string;
  /** The same, where at least one character of the capturing group is there; absent without such a group. */
  readonly beginsCaptureSource: string | undefined;
  /** Longest text that the expression can consume, in UTF-16 code units. */
  readonly maxLength: number;
  readonly hasCapture: boolean;
  /** Least length of the text before the capturing group; 0 without one. */
  readonly minLengthBeforeCapture: number;
  readonly root: readonly Sequence[];
}

export type Sequence = readonly PatternNode[];
export type PatternNode =
  /** One code unit: a literal, an escape or a set. */
  | { readonly type: 'unit'; readonly source: string }
  | { readonly type: 'lookbehind'; readonly source: string }
  | { readonly type: 'lookahead'; readonly source: string; readonly alternatives: readonly Sequence[] }
  | {
      readonly type: 'group';
      readonly open: '(' | '(?:';
      readonly alternatives: readonly Sequence[];
    }
  | {
      readonly type: 'repeat';
      readonly node: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code: 'unbounded' | 'unsupported' | 'malformed';
  constructor(code: PatternError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws PatternError if `source` is outside the subset. */
export function parsePattern(source: string): Pattern {
  const reader = new Reader(source);
  const root = reader.alternatives();
  if (!reader.atEnd) throw new PatternError('malformed', `unmatched ")" in /${source}/`);
  return {
    source: root.map(capturingSequence).join('|'),
    undecidedSource: undecided(root) ?? '(?!)',
    beginsCaptureSource: beginsCapture(root),
    maxLength: Math.max(...root.map(maxLength)),
    hasCapture: hasCapture(root),
    minLengthBeforeCapture: minLengthBeforeCapture(root),
    root,
  };
}

class Reader {
  readonly #source: string;
  #at = 0;
  #foldsCase = false;
  constructor(source: string) {
    this.#source = source;
  }

  get atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  alternatives(): Sequence[] {
    const all: PatternNode[][] = [[]];
    while (!this.atEnd && this.#source[this.#at] !== ')') {
      if (this.#eat('|')) all.push([]);
      else (all[all.length - 1] as PatternNode[]).push(this.#quantified(this.#atom()));
    }
    return all;
  }

  #eat(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #atom(): PatternNode {
    const start = this.#at;
    for (const open of ['(?<=', '(?<!', '(?=', '(?!', '(?:', '(?i:', '('] as const) {
      if (!this.#eat(open)) continue;
      const isAssertion = open.length > 2 && !open.endsWith(':');
      if (this.#foldsCase && isAssertion) this.#refuse();
      const outside = this.#foldsCase;
      if (open === '(?i:') this.#foldsCase = true;
      const alternatives = this.alternatives();
      this.#foldsCase = outside;
      if (!this.#eat(')')) throw new PatternError('malformed', `missing ")" in /${this.#source}/`);
      const source = this.#source.slice(start, this.#at);
      if (open === '(?<=' || open === '(?<!') return { type: 'lookbehind', source };
      if (open === '(?=' || open === '(?!') return { type: 'lookahead', source, alternatives };
      return { type: 'group', open: open === '(' ? '(' : '(?:', alternatives };
    }
    if (this.#eat('^')) return { type: 'lookbehind', source: '^' };
    if (this.#eat('[')) {
      while (!this.atEnd && this.#source[this.#at] !== ']')
        this.#at += this.#source[this.#at] === '\\' ? 2 : 1;
      if (!this.#eat(']')) throw new PatternError('malformed', `missing "]" in /${this.#source}/`);
    } else if (this.#eat('\\')) {
      if (/[bB1-9kpPuxc]/.test(this.#source[this.#at] ?? 'b')) this.#refuse();
      this.#at++;
    } else if (/[.$*+?{}]/.test(this.#source[this.#at] as string)) {
      this.#refuse();
    } else {
      this.#at++;
    }
    const source = this.#source.slice(start, this.#at);
    // Of a range beyond ASCII only the ends are named, which isn't enough to write both cases out.
    if (this.#foldsCase && /[\u0080-\uffff]-[^\]]|[^\\[]-[\u0080-\uffff]/.test(source)) this.#refuse();
    return { type: 'unit', source: this.#foldsCase ? inBothCases(source) : source };
  }

  #quantified(node: PatternNode): PatternNode {
    const rest = this.#source.slice(this.#at, this.#at + 24);
    const bounds = /^(?:\{(\d+)(?:(,)(\d*))?\}|([?*+]))/.exec(rest);
    if (bounds === null) return node;
    this.#at += bounds[0].length;
    const [, low, comma, high, sign] = bounds;
    if (sign === '*' || sign === '+' || (comma !== undefined && high === '')) {
      throw new PatternError('unbounded', `unbounded quantifier in /${this.#source}/`);
    }
    const min = sign === '?' ? 0 : Number(low);
    const max = sign === '?' ? 1 : Number(high ?? low);
    return { type: 'repeat', node, min, max, lazy: this.#eat('?') };
  }

  #refuse(): never {
    throw new PatternError(
      'unsupported',
      `"${this.#source.slice(this.#at, this.#at + 4)}" in /${this.#source}/`,
    );
  }
}

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/** A unit that matches letters of either case: as it stands, or as a set of what it matches, ASCII and letters it names. */
function inBothCases(source: string): string {
  const matches = new RegExp(`^${source}$`, 'i');
  const asWritten = new RegExp(`^${source}$`);
  const alphabet = [...ASCII, ...namedLetters(source)];
  const members = alphabet.filter((character) => matches.test(character));
  if (alphabet.every((character) => asWritten.test(character) === members.includes(character))) return source;
  const inSet = (characters: string[]): string =>
    characters
      .map((character) => (/[A-Za-z0-9]/.test(character) ? character : `\\u${hex(character)}`))
      .join('');
  if (!asWritten.test('\u4e00')) return `[${inSet(members)}]`;
  return `[^${inSet(alphabet.filter((character) => !members.includes(character)))}]`;
}

/** Characters beyond ASCII that a unit names, in both cases. */
function namedLetters(source: string): string[] {
  const named = [...new Set(source)].filter((character) => character > '\u007f');
  const cases = named.flatMap((character) => [character, character.toLowerCase(), character.toUpperCase()]);
  return [...new Set(cases)].filter(({ length }) => length === 1);
}

const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(4, '0');

/** The node as an expression with its capturing groups. */
function capturing(node: PatternNode): string {
  if (node.type === 'group') return `${node.open}${node.alternatives.map(capturingSequence).join('|')})`;
  if (node.type !== 'repeat') return node.source;
  return `${capturing(node.node)}{${node.min},${node.max}}${node.lazy ? '?' : ''}`;
}

const capturingSequence = (sequence: Sequence): string => sequence.map(capturing).join('');

/** The node as an expression, without capturing. */
function plain(node: PatternNode): string {
  switch (node.type) {
    case 'unit':
    case 'lookbehind':
    case 'lookahead':
      return node.source;
    case 'group':
      return `(?:${node.alternatives.map(plainSequence).join('|')})`;
    case 'repeat':
      return `${plain(node.node)}{${node.min},${node.max}}${node.lazy ? '?' : ''}`;
  }
}

const plainSequence = (sequence: Sequence): string => sequence.map(plain).join('');

/** Expression for "the end of the text is reached inside", or undefined where that can't be. */
function undecided(alternatives: readonly Sequence[]): string | undefined {
  const parts = alternatives.map(undecidedSequence).filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.length === 1 ? parts[0] : `(?:${parts.join('|')})`;
}

function undecidedSequence(sequence: Sequence): string | undefined {
  let rest: string | undefined;
  for (const node of sequence.toReversed()) {
    const inside = undecidedNode(node);
    const after = rest === undefined ? undefined : plain(node) + rest;
    rest = inside === undefined ? after : after === undefined ? inside : `(?:${inside}|${after})`;
  }
  return rest;
}

function beginsCapture(alternatives: readonly Sequence[]): string | undefined {
  const sequence = alternatives.length === 1 ? alternatives[0] : undefined;
  const at = sequence?.findIndex((node) => node.type === 'group' && node.open === '(') ?? -1;
  if (sequence === undefined || at < 0) return hasCapture(alternatives) ? undecided(alternatives) : undefined;
  return `${plainSequence(sequence.slice(0, at))}(?!$)${undecidedSequence(sequence.slice(at))}`;
}

function undecidedNode(node: PatternNode): string | undefined {
  switch (node.type) {
    case 'unit':
      return '$';
    case 'lookbehind':
      return undefined;
    case 'lookahead':
      return undecided(node.alternatives);
    case 'group':
      return undecided(node.alternatives);
    case 'repeat': {
      const inside = undecidedNode(node.node);
      if (inside === undefined || node.max === 0) return undefined;
      return node.max === 1 ? inside : `${plain(node.node)}{0,${node.max - 1}}${inside}`;
    }
  }
}

function maxLength(sequence: Sequence): number {
  return sequence.reduce((sum, node) => sum + maxNodeLength(node), 0);
}

function maxNodeLength(node: PatternNode): number {
  if (node.type === 'unit') return 1;
  if (node.type === 'group') return Math.max(...node.alternatives.map(maxLength));
  return node.type === 'repeat' ? node.max * maxNodeLength(node.node) : 0;
}

const hasCapture = (alternatives: readonly Sequence[]): boolean =>
  alternatives.some((sequence) =>
    sequence.some((node) => node.type === 'group' && (node.open === '(' || hasCapture(node.alternatives))),
  );

/** Only for a group at the top level of a single sequence; elsewhere 0, which is always true. */
function minLengthBeforeCapture(alternatives: readonly Sequence[]): number {
  const [sequence = []] = alternatives.length === 1 ? alternatives : [];
  const at = sequence.findIndex((node) => node.type === 'group' && node.open === '(');
  return at < 0 ? 0 : minLength(sequence.slice(0, at));
}

const minLength = (sequence: Sequence): number =>
  sequence.reduce((sum, node) => sum + minNodeLength(node), 0);

function minNodeLength(node: PatternNode): number {
  if (node.type === 'unit') return 1;
  if (node.type === 'group') return Math.min(...node.alternatives.map(minLength));
  return node.type === 'repeat' ? node.min * minNodeLength(node.node) : 0;
}
