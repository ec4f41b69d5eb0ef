import { classTable, IGNORED, WORD } from '../text/classes.ts';
import { FOLDS_APART, type Folding, foldTable, foldText } from '../text/fold.ts';
import { MAX_TERM_TOKENS, TermAutomaton, type TermTokens } from './term-automaton.ts';
import { HASH_PRIME, HASH_SEED, Tokenizer } from './tokens.ts';

export const MAX_TERM_LENGTH = 256;
/** One letter is in every text. */
const MIN_TERM_LENGTH = 2;

/** Terms, compiled. */
export interface Dictionary {
  readonly folding: Folding;
  readonly automaton: TermAutomaton;
  /** Bit set of the beginnings of all words of all terms: a word that begins otherwise needn't be awaited. */
  readonly beginnings: Uint32Array;
}

/** What is wrong with a term, if anything. */
export function faultOfTerm(term: string): { readonly message: string; readonly mend: string } | undefined {
  if (term.length > MAX_TERM_LENGTH) {
    return {
      message: `This term has more than ${MAX_TERM_LENGTH} characters.`,
      mend: 'Shorten it, or write a pattern.',
    };
  }
  let tokens = 0;
  let words = 0;
  const counter = new Tokenizer(
    {
      token(_low, _high, _space, start, end) {
        tokens++;
        if (/[\p{L}\p{N}\p{S}]/u.test(term.slice(start, end))) words++;
        return false;
      },
    },
    'none',
  );
  counter.push(term);
  counter.end();
  if (words === 0 || term.trim().length < MIN_TERM_LENGTH) {
    // A character of a script without spaces can be a whole word, but stands in too many others.
    return {
      message: 'This term is too short: it would be found in every text.',
      mend: 'Write the whole term.',
    };
  }
  if (tokens > MAX_TERM_TOKENS) {
    return {
      message: `This term has more than ${MAX_TERM_TOKENS} words and signs.`,
      mend: 'Shorten it; its first words are enough.',
    };
  }
  return undefined;
}

/** `terms` are without fault. */
export function compileDictionary(terms: readonly string[], folding: Folding): Dictionary {
  const tokens = tokensOf(terms, folding);
  return { folding, automaton: new TermAutomaton(tokens.terms), beginnings: tokens.beginnings };
}

const BEGINNING_BITS = 20;

const bitOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> (32 - BEGINNING_BITS);

/** True if some word of some term begins with the folded letters that have this hash. May err towards true. */
export function isBeginning({ beginnings }: Dictionary, hash: number): boolean {
  const bit = bitOf(hash);
  return ((beginnings[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
}

function tokensOf(
  terms: readonly string[],
  folding: Folding,
): { terms: TermTokens; beginnings: Uint32Array } {
  const low: number[] = [];
  const high: number[] = [];
  const space: number[] = [];
  const starts = new Int32Array(terms.length + 1);
  const beginnings = new Uint32Array(2 ** (BEGINNING_BITS - 5));
  const sink = {
    token(tokenLow: number, tokenHigh: number, spaceBefore: boolean) {
      low.push(tokenLow);
      high.push(tokenHigh);
      space.push(spaceBefore ? 1 : 0);
      return false;
    },
  };
  for (const [index, term] of terms.entries()) {
    starts[index] = low.length;
    const composed = term.normalize('NFC');
    const tokenizer = new Tokenizer(sink, folding);
    tokenizer.push(composed);
    tokenizer.end();
    addBeginnings(beginnings, composed, folding);
  }
  starts[terms.length] = low.length;
  return {
    terms: { low: Int32Array.from(low), high: Int32Array.from(high), space: Uint8Array.from(space), starts },
    beginnings,
  };
}

function addBeginnings(beginnings: Uint32Array, term: string, folding: Folding): void {
  const fold = foldTable(folding);
  const classes = classTable();
  const add = (hash: number): void => {
    const bit = bitOf(hash);
    beginnings[bit >>> 5] = (beginnings[bit >>> 5] as number) | (1 << (bit & 31));
  };
  let hash = HASH_SEED;
  for (let i = 0; i < term.length; i++) {
    const unit = term.charCodeAt(i);
    if (classes[unit] === IGNORED) continue;
    if (classes[unit] !== WORD) {
      hash = HASH_SEED;
      continue;
    }
    // Text may hold the letter without its accents for now: they can come with the next piece.
    if (unit > 127)
      for (const bare of barerForms(term[i] as string)) add(extendHash(hash, foldText(bare, folding)));
    const folded = fold[unit] as number;
    hash =
      folded === FOLDS_APART
        ? extendHash(hash, foldText(term[i] as string, folding))
        : extendUnit(hash, folded);
    add(hash);
  }
}

/** `ǖ` is also written `u` and two accents, or `ü` and one. */
function barerForms(letter: string): string[] {
  const parts = [...letter.normalize('NFD')];
  return parts.slice(1).map((_, index) =>
    parts
      .slice(0, index + 1)
      .join('')
      .normalize('NFC'),
  );
}

const extendUnit = (hash: number, unit: number): number => Math.imul(hash ^ unit, HASH_PRIME);

function extendHash(hash: number, folded: string): number {
  let extended = hash;
  for (let i = 0; i < folded.length; i++) extended = extendUnit(extended, folded.charCodeAt(i));
  return extended;
}
