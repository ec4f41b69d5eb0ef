import { type Language, languageNamed } from './languages.ts';
import type { Line } from './line.ts';
import { type Votes, voteOn, winnerOf } from './signs.ts';

/** A stretch of a text that is source code. */
export interface Region {
  readonly start: number;
  readonly end: number;
  /** Characters in it that aren't white space. */
  readonly weight: number;
  readonly language: Language;
  /** True if there is little doubt. */
  readonly certain: boolean;
}

interface OpenRegion {
  readonly start: number;
  end: number;
  weight: number;
  /** Weight of lines after `end`, which count if more code follows. */
  trailing: number;
  /** Lines of prose since the last code. */
  strangers: number;
  voters: number;
  /** Inside a text of several lines (a Python doc string). */
  inQuote: boolean;
  readonly votes: Votes;
  /** Of a fenced block; its language is undefined where none is named. */
  readonly fence: { readonly language: Language | undefined } | undefined;
}

/** Lines of prose that a region may hold in a row: doc comments look like that. */
const MAX_STRANGERS = 2;
/** Points that make a language certain enough to call it code, and to leave no doubt. */
const LEAST_POINTS = 4;
const CERTAIN_POINTS = 10;
/** Markdown may hold some HTML without being code. */
const leastPoints = (language: Language): number => (language === 'html' ? 30 : LEAST_POINTS);
/** A line alone may be quoted in prose. */
const LEAST_LINES = 3;
/** Lines that may vote: more change nothing. */
const MAX_VOTERS = 100;

const QUOTES = /"""|'''/;
const QUOTES_CLOSED = /(?:"""|''').*(?:"""|''')/;
/** Once code has begun, these are part of it. */
const BELONGS: ReadonlySet<Line['verdict']> = new Set(['code', 'comment', 'note', 'closer']);

/** Puts lines together to regions. */
export class RegionReader {
  #open: OpenRegion | undefined;
  /** Inside a fenced block that isn't source code: output, data, prose. */
  #inOtherFence = false;
  readonly #done: Region[] = [];

  /** Where the region starts that is being read. */
  get openStart(): number | undefined {
    return this.#open?.start;
  }

  line(line: Line, start: number, end: number): void {
    if (line.verdict === 'fence') this.#readFence(line.text, end);
    else if (this.#inOtherFence) return;
    else {
      if (this.#open === undefined && (line.verdict === 'code' || line.verdict === 'comment')) {
        this.#open = opened(start, undefined);
      }
      if (this.#open !== undefined) this.#extend(this.#open, line, end);
    }
  }

  /** Regions that are complete, each once. */
  take(): readonly Region[] {
    return this.#done.splice(0);
  }

  end(): readonly Region[] {
    this.#close();
    return this.take();
  }

  #readFence(text: string, end: number): void {
    const closes = this.#inOtherFence || this.#open?.fence !== undefined;
    this.#close();
    this.#inOtherFence = false;
    if (closes) return;
    const name = /^\s*(?:```+|~~~+)\s*\{?\.?([\w+#-]*)/.exec(text)?.[1] ?? '';
    const language = languageNamed(name);
    if (name !== '' && language === undefined) this.#inOtherFence = true;
    else this.#open = opened(end, { language });
  }

  #extend(region: OpenRegion, line: Line, end: number): void {
    const { weight, text } = line;
    const verdict = region.inQuote && line.verdict === 'prose' ? 'note' : line.verdict;
    if (QUOTES.test(text) && !QUOTES_CLOSED.test(text)) region.inQuote = !region.inQuote;
    region.trailing += weight;
    if (verdict === 'code') {
      if (region.voters++ < MAX_VOTERS) voteOn(text, region.votes);
      region.strangers = 0;
    } else if (verdict === 'prose') region.strangers++;
    else if (verdict === 'neutral' && region.voters === 0) region.strangers++;
    if (BELONGS.has(verdict) || (region.fence !== undefined && verdict !== 'blank')) {
      region.end = end;
      region.weight += region.trailing;
      region.trailing = 0;
    } else if (region.fence === undefined && region.strangers > MAX_STRANGERS) this.#close();
  }

  #close(): void {
    const region = this.#open;
    this.#open = undefined;
    if (region === undefined || region.weight === 0) return;
    const { start, end, weight, voters, votes, fence } = region;
    const winner = winnerOf(votes);
    const points = winner?.points ?? 0;
    const named = fence?.language;
    const language = named ?? winner?.language;
    if (language === undefined || (fence === undefined && voters < LEAST_LINES)) return;
    if (named === undefined && points < leastPoints(language)) return;
    this.#done.push({
      start,
      end,
      weight,
      language,
      certain: named !== undefined || points >= CERTAIN_POINTS,
    });
  }
}

const opened = (start: number, fence: OpenRegion['fence']): OpenRegion => ({
  start,
  end: start,
  weight: 0,
  trailing: 0,
  strangers: 0,
  voters: 0,
  inQuote: false,
  votes: new Map(),
  fence,
});
