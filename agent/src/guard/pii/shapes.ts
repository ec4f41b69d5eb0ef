import { classAt, DIGIT, isWordAt, LOWER, separatorAt, UPPER } from './characters.ts';

/**
 * How numbers are written, as a trie over words and the separators between them: `d3-d2-d4` is 3 digits, dash, 2 digits,
 * dash, 4 digits; `A2d6A1` one word of two letters, six digits, a letter; `w16` a word of 16 letters and digits, whatever
 * their order. A separator is one of ` -./+`; `[ -]` stands for either. Reading stops at the first
 * word that no shape goes on with, so most numbers in code cost one lookup, and a run of digits is never read twice.
 */
export interface ShapeTrie<Rule> {
  readonly root: Node<Rule>;
}

interface Node<Rule> {
  /** By symbol of the next word. */
  readonly words: Map<number, Node<Rule>>;
  /** By separator; each leads to a node that has words. */
  readonly separators: Map<string, Node<Rule>>;
  readonly rules: ShapeEntry<Rule>[];
}

export interface ShapeEntry<Rule> {
  readonly rule: Rule;
  readonly shape: string;
}

export interface ShapeHit<Rule> extends ShapeEntry<Rule> {
  readonly end: number;
  /** Without separators, letters in upper case. */
  readonly characters: string;
}

/** Longer words are nobody's number. */
const MAX_WORD = 34;
const ANY_MIXED = -1000;
/** Digits of a group, and one more to see that there is none. */
const TABLE_GROUP = 5;
const LETTERS = 32;
const RUN_BASE = 64;

const newNode = <Rule>(): Node<Rule> => ({ words: new Map(), separators: new Map(), rules: [] });

export function buildShapeTrie<Rule>(
  rules: Iterable<{ readonly shapes: readonly string[]; readonly rule: Rule }>,
): ShapeTrie<Rule> {
  const root = newNode<Rule>();
  for (const { shapes, rule } of rules) {
    for (const shape of shapes) for (const one of spellOut(shape)) add(root, one, { rule, shape });
  }
  return { root };
}

/** `d4[ -]d4` is `d4 d4` and `d4-d4`: the same separator everywhere, or the number isn't one. */
function spellOut(shape: string): string[] {
  const choice = /\[([^\]]+)\]/.exec(shape)?.[1];
  return choice === undefined ? [shape] : [...choice].map((one) => shape.replaceAll(`[${choice}]`, one));
}

function add<Rule>(root: Node<Rule>, shape: string, entry: ShapeEntry<Rule>): void {
  let node = root;
  for (const part of shape.split(/([ ./+-])/)) {
    const isSeparator = /^[ ./+-]$/.test(part);
    const next =
      (isSeparator ? node.separators.get(part) : node.words.get(symbolOfPart(part))) ?? newNode<Rule>();
    if (isSeparator) node.separators.set(part, next);
    else node.words.set(symbolOfPart(part), next);
    node = next;
  }
  node.rules.push(entry);
}

function symbolOfPart(part: string): number {
  if (part.startsWith('w')) return ANY_MIXED - Number(part.slice(1));
  let symbol = 0;
  for (const [, kind, length] of part.matchAll(/([dA])(\d+)/g)) {
    symbol = symbol * RUN_BASE + Number(length) + (kind === 'A' ? LETTERS : 0);
  }
  return symbol;
}

/** All shapes that start at `start`, shortest first; undefined if more text could add one. */
export function readShapes<Rule>(
  trie: ShapeTrie<Rule>,
  text: string,
  start: number,
  isEnd: boolean,
): ShapeHit<Rule>[] | undefined {
  const hits: ShapeHit<Rule>[] = [];
  let node = trie.root;
  let characters = '';
  for (let at = start; ; ) {
    let end = at;
    while (end < text.length && isWordAt(text, end) && end - at <= MAX_WORD) end++;
    if (end - at > MAX_WORD) return hits;
    if (end >= text.length && !isEnd) return undefined;
    const next = nextNode(node, text, at, end);
    if (next === undefined) return hits;
    node = next;
    if (end + 1 >= text.length && !isEnd) return undefined;
    characters += text.slice(at, end).toUpperCase();
    for (const { rule, shape } of node.rules) hits.push({ rule, shape, end, characters });
    const separator = node.separators.size > 0 ? separatorAt(text, end) : undefined;
    const after = separator === undefined ? undefined : node.separators.get(separator);
    // No shape goes on with a small letter: prose needn't wait for the word after a number.
    if (after === undefined || !isWordAt(text, end + 1) || classAt(text, end + 1) === LOWER) {
      return hits.length > 0 && !isEnd && endsInNumber(text, end) ? undefined : hits;
    }
    node = after;
    at = end + 1;
  }
}

/** Groups of four behind the number may make a table of it, so the one that has begun must be there. */
function endsInNumber(text: string, end: number): boolean {
  if (separatorAt(text, end) === undefined || classAt(text, end + 1) !== DIGIT) return false;
  let next = end + 1;
  while (next < text.length && next - end <= TABLE_GROUP && isWordAt(text, next)) next++;
  return next >= text.length;
}

function nextNode<Rule>(node: Node<Rule>, text: string, start: number, end: number): Node<Rule> | undefined {
  let symbol = 0;
  let run = 0;
  let runIsDigits = false;
  let runs = 0;
  for (let i = start; i < end; i++) {
    if (text.charCodeAt(i) === 0x5f) return undefined;
    const isDigit = classAt(text, i) === DIGIT;
    if (run > 0 && isDigit !== runIsDigits) {
      symbol = symbol * RUN_BASE + run + (runIsDigits ? 0 : LETTERS);
      runs++;
      run = 0;
    }
    runIsDigits = isDigit;
    run++;
  }
  if (runs === 0 && runIsDigits) return run < LETTERS ? node.words.get(run) : undefined;
  const exact =
    runs < 7 && run < LETTERS
      ? node.words.get(symbol * RUN_BASE + run + (runIsDigits ? 0 : LETTERS))
      : undefined;
  if (exact !== undefined) return exact;
  return runs > 0 ? node.words.get(ANY_MIXED - (end - start)) : undefined;
}

const MAX_LETTERS_FIRST = 6;

/** True if a word begins with at most six capital letters and then has a digit: all that begins with a letter does. */
export function hasDigitEarly(text: string, start: number, end: number): boolean {
  const limit = Math.min(end, start + MAX_LETTERS_FIRST + 1);
  for (let at = start; at < limit; at++) {
    const found = classAt(text, at);
    if (found === DIGIT) return true;
    if (found !== UPPER) return false;
  }
  return false;
}

/** True if a word that reaches the end of the text, and begins with a capital letter, may become a shape with more of it. */
export function mayBecomeShape(text: string, start: number): boolean {
  if (text.length - start > MAX_WORD) return false;
  if (hasDigitEarly(text, start, text.length)) return true;
  if (text.length - start > MAX_LETTERS_FIRST) return false;
  for (let at = start; at < text.length; at++) if (classAt(text, at) !== UPPER) return false;
  return true;
}
