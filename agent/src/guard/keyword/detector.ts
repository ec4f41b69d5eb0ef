/**
 * Finds the terms of a dictionary: customers' names, code names. A term is found as whole words only, in any case, with
 * any white space between its words. One pass, whatever the number of terms; a hostile text costs no more than another.
 */
import type { Detector, Match, StreamScan, StreamScanner } from '../../core/finding.ts';
import { MAX_MATCHES, tooManyMatches } from '../guard-error.ts';
import { type Dictionary, isBeginning } from './dictionary.ts';
import { MAX_TERM_TOKENS, ROOT } from './term-automaton.ts';
import { Tokenizer } from './tokens.ts';

export type TermDescription = Pick<Match, 'kind' | 'label' | 'severity' | 'confidence'>;

export function createKeywordDetector(
  id: string,
  dictionary: Dictionary,
  describe: TermDescription,
): Detector {
  return {
    id,
    scan(text) {
      const stream = new KeywordStream(dictionary, describe);
      const { matches } = stream.push(text);
      return [...matches, ...stream.end().matches];
    },
    openStream: () => new KeywordStream(dictionary, describe),
  };
}

const RING = 2 * MAX_TERM_TOKENS;

class KeywordStream implements StreamScanner {
  readonly #dictionary: Dictionary;
  readonly #describe: TermDescription;
  readonly #tokenizer: Tokenizer;
  #state = ROOT;
  #tokens = 0;
  /** Where the latest tokens start. */
  readonly #starts = new Float64Array(RING);
  /** Found, but a longer term may still turn out to hold them. */
  #pending: Match[] = [];
  #decided: Match[] = [];
  #length = 0;
  #safeUpTo = 0;
  #count = 0;

  constructor(dictionary: Dictionary, describe: TermDescription) {
    this.#dictionary = dictionary;
    this.#describe = describe;
    this.#tokenizer = new Tokenizer(this, dictionary.folding, dictionary.automaton.firsts);
  }

  /** Called by the tokenizer. */
  token(low: number, high: number, spaceBefore: boolean, start: number, end: number): boolean {
    const { automaton } = this.#dictionary;
    this.#starts[this.#tokens++ % RING] = start;
    const state = automaton.next(this.#state, low, high, spaceBefore);
    const found = automaton.foundAt(state);
    this.#state = automaton.alive(state);
    if (found > 0) {
      const from = this.#startOf(found);
      this.#pending = this.#pending.filter((match) => match.start < from);
      this.#pending.push({ ...this.#describe, start: from, end });
      if (++this.#count > MAX_MATCHES) throw tooManyMatches();
    }
    if (this.#pending.length > 0) this.#settle();
    return this.#state === ROOT;
  }

  push(delta: string): StreamScan {
    this.#length += delta.length;
    this.#tokenizer.push(delta);
    return this.#report(this.#liveFrom());
  }

  end(): StreamScan {
    this.#tokenizer.end();
    this.#state = ROOT;
    this.#settle();
    return this.#report(this.#length);
  }

  #startOf(tokens: number): number {
    return this.#starts[(this.#tokens - tokens) % RING] as number;
  }

  /** Terms that begin before everything that is still being read can't become part of a longer one. */
  #settle(): void {
    const from =
      this.#state === ROOT ? Infinity : this.#startOf(this.#dictionary.automaton.depthOf(this.#state));
    let settled = 0;
    while (settled < this.#pending.length && (this.#pending[settled] as Match).start < from) settled++;
    if (settled > 0) this.#decided.push(...this.#pending.splice(0, settled));
  }

  /** Where the first term begins that may still be found. */
  #liveFrom(): number {
    const open = this.#tokenizer.openStart;
    if (open !== undefined) {
      const hash = this.#tokenizer.openHash;
      if (hash !== undefined && !isBeginning(this.#dictionary, hash)) return this.#length;
    }
    if (this.#state !== ROOT) return this.#startOf(this.#dictionary.automaton.depthOf(this.#state));
    return open ?? this.#length;
  }

  #report(liveFrom: number): StreamScan {
    const matches = this.#decided;
    this.#decided = [];
    const waiting = this.#pending[0]?.start ?? liveFrom;
    // What was once said to be safe stays so: the beginnings of words are remembered with false alarms.
    this.#safeUpTo = Math.max(this.#safeUpTo, Math.min(waiting, liveFrom));
    return { matches, safeUpTo: this.#safeUpTo };
  }
}
