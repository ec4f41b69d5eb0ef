/**
 * Looks for a team's own expressions. One pass finds the words that they can't do without; only the run of an
 * expression's own characters around such a word is given to RE2, and every run once. So an expression sees all that it
 * could match, whatever the text, and a text takes time in proportion to its length.
 */
import type { Detector, Match, StreamScan, StreamScanner } from '../../core/finding.ts';
import { buildKeywordAutomaton, type KeywordAutomaton } from '../engine/aho-corasick.ts';
import { MAX_MATCHES, tooManyMatches } from '../guard-error.ts';
import { foldedUnits } from '../text/orbits.ts';
import { type DescribedExpression, MAX_MATCH_LENGTH } from './compile.ts';
import { ExpressionSearch } from './search.ts';
import { has } from './shape.ts';

export interface PatternSet {
  readonly expressions: readonly DescribedExpression[];
  readonly automaton: KeywordAutomaton;
  /** By keyword. */
  readonly lengths: readonly number[];
  /** By keyword: indices of expressions. */
  readonly announced: readonly (readonly number[])[];
  /** Characters that may stand in a match before its keyword, and how many of them. */
  readonly lead: { readonly alphabet: Uint8Array; readonly length: number };
}

export function compilePatternSet(expressions: readonly DescribedExpression[]): PatternSet {
  const announced = new Map<string, number[]>();
  const lead = { alphabet: new Uint8Array(8_192), length: 0 };
  for (const [index, { expression }] of expressions.entries()) {
    for (const keyword of expression.keywords) {
      announced.set(keyword, [...(announced.get(keyword) ?? []), index]);
    }
    if (expression.keywords.length === 0 || expression.before === 0) continue;
    lead.length = Math.max(lead.length, expression.before);
    expression.alphabet.forEach((bits, at) => {
      lead.alphabet[at] = (lead.alphabet[at] as number) | bits;
    });
  }
  const keywords = [...announced.keys()];
  const automaton = buildKeywordAutomaton(keywords);
  for (const { unit, key } of foldedUnits()) {
    if (automaton.classOf[unit] === 0) automaton.classOf[unit] = automaton.classOf[key] as number;
  }
  return {
    expressions,
    automaton,
    lengths: keywords.map(({ length }) => length),
    announced: [...announced.values()],
    lead,
  };
}

/** A long text is read in pieces, so that what is remembered of it stays small. */
const PIECE = 65_536;

export function createPatternDetector(id: string, set: PatternSet): Detector {
  return {
    id,
    scan(text) {
      const stream = new PatternStream(set);
      const matches: Match[] = [];
      for (let at = 0; at < text.length; at += PIECE)
        matches.push(...stream.push(text.slice(at, at + PIECE)).matches);
      matches.push(...stream.end().matches);
      return matches.sort(byStart);
    },
    openStream: () => new PatternStream(set),
  };
}

const byStart = (a: Match, b: Match): number => a.start - b.start || a.end - b.end;

/** Text before the end that a search may have to go back to: two cells, a keyword and a character before them. */
const LOOK_BACK = 2 * MAX_MATCH_LENGTH + 512;

class PatternStream implements StreamScanner {
  readonly #set: PatternSet;
  readonly #searches: readonly ExpressionSearch[];
  /** Searches that are in the middle of something, or always look. */
  readonly #active = new Set<ExpressionSearch>();
  #text = '';
  /** Where `#text` starts in the whole text. */
  #offset = 0;
  #state = 0;
  #count = 0;

  constructor(set: PatternSet) {
    this.#set = set;
    this.#searches = set.expressions.map((described) => new ExpressionSearch(described));
    for (const search of this.#searches) if (search.looksEverywhere) this.#active.add(search);
  }

  push(delta: string): StreamScan {
    const from = this.#text.length;
    this.#text += delta;
    this.#findKeywords(from);
    return this.#advance(false);
  }

  end(): StreamScan {
    return this.#advance(true);
  }

  #findKeywords(from: number): void {
    const { automaton, lengths, announced } = this.#set;
    const { table, classOf, output, rowLength } = automaton;
    const text = this.#text;
    let state = this.#state;
    for (let i = from; i < text.length; i++) {
      state = table[state + (classOf[text.charCodeAt(i)] as number)] as number;
      if (state >= 0) continue;
      state = ~state;
      for (const keyword of output[state / rowLength] as readonly number[]) {
        const end = this.#offset + i + 1;
        for (const index of announced[keyword] as readonly number[]) {
          const search = this.#searches[index] as ExpressionSearch;
          search.announce(end - (lengths[keyword] as number), end);
          this.#active.add(search);
        }
      }
    }
    this.#state = state;
  }

  #advance(ended: boolean): StreamScan {
    const window = { text: this.#text, offset: this.#offset, ended };
    const length = this.#offset + this.#text.length;
    const matches: Match[] = [];
    let safeUpTo = ended ? length : length - this.#leadLength();
    let keepFrom = length - LOOK_BACK;
    for (const search of this.#active) {
      search.advance(window, matches);
      const from = search.undecidedFrom;
      if (from !== undefined) {
        safeUpTo = Math.min(safeUpTo, from);
        keepFrom = Math.min(keepFrom, from - 1);
      } else if (!search.looksEverywhere) this.#active.delete(search);
    }
    this.#count += matches.length;
    if (this.#count > MAX_MATCHES) throw tooManyMatches();
    this.#forget(keepFrom);
    return { matches: matches.sort(byStart), safeUpTo };
  }

  /** Length of the end of the text that could be the beginning of a match whose keyword is yet to come. */
  #leadLength(): number {
    const { automaton, lead } = this.#set;
    const begun = automaton.depth[this.#state / automaton.rowLength] as number;
    const most = Math.min(lead.length === 0 ? 0 : lead.length + begun, this.#text.length);
    let run = 0;
    while (run < most && has(lead.alphabet, this.#text.charCodeAt(this.#text.length - 1 - run))) run++;
    return Math.max(begun, run);
  }

  #forget(keepFrom: number): void {
    const excess = keepFrom - this.#offset;
    if (excess < LOOK_BACK) return;
    this.#text = this.#text.slice(excess);
    this.#offset += excess;
  }
}
