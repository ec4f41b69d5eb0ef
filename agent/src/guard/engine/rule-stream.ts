import type { StreamScan, StreamScanner } from '../../core/finding.ts';
import {
  type Candidate,
  type CompiledLead,
  type CompiledRule,
  type CompiledRules,
  tryRule,
} from './compile.ts';
import { KeywordDensity } from './density.ts';
import { settleOverlaps } from './overlaps.ts';

/** A keyword was seen, and what follows it may still become a match. */
interface OpenCandidate {
  readonly rule: CompiledRule;
  /** Where the keyword starts, in the whole text. */
  readonly at: number;
  /** What its rule may look at ends here, in the whole text. */
  readonly limit: number;
  /** No match of it starts before this; moves on until the captured part has begun. */
  startsFrom: number;
  /** Not worth trying again before the text is this long. */
  retryAt: number;
}

/** From this length on an open candidate is tried again only after it grew by a sixteenth, so that a long key costs linear time. */
const LONG_CANDIDATE = 512;
const NOTHING: StreamScan['matches'] = [];

/**
 * Scans a growing text. A rule is decided only once no continuation could change its outcome, so the verdict is the
 * one of a whole scan, however the text was cut. Keeps the undecided tail and its look-behind, nothing more.
 */
export class RuleStream implements StreamScanner {
  readonly #rules: CompiledRules;
  /** The end of the text so far; starts at `#offset` in the whole. */
  #text = '';
  #offset = 0;
  #state = 0;
  readonly #density = new KeywordDensity();
  #open: OpenCandidate[] = [];
  /** Decided, but an undecided neighbour may still displace them. */
  #pending: Candidate[] = [];

  constructor(rules: CompiledRules) {
    this.#rules = rules;
  }

  /** Length of the tail kept in memory: bounded by the longest pattern, whatever the length of the stream. */
  get keptChars(): number {
    return this.#text.length;
  }

  push(delta: string): StreamScan {
    const from = this.#text.length;
    this.#text += delta;
    if (this.#open.length > 0) this.#retryOpen();
    this.#findKeywords(from);
    return this.#report(this.#undecidedFrom());
  }

  end(): StreamScan {
    for (const candidate of this.#open) this.#decide(candidate);
    this.#open = [];
    this.#state = 0;
    return this.#report(this.#offset + this.#text.length);
  }

  #findKeywords(from: number): void {
    const { automaton, keywordLengths, rulesByKeyword } = this.#rules;
    const { table, classOf, output, rowLength } = automaton;
    const text = this.#text;
    let state = this.#state;
    for (let i = from; i < text.length; i++) {
      state = table[state + (classOf[text.charCodeAt(i)] as number)] as number;
      if (state >= 0) continue;
      state = ~state;
      for (const keyword of output[state / rowLength] as readonly number[]) {
        const after = i + 1 + this.#offset;
        const at = after - (keywordLengths[keyword] as number);
        for (const rule of rulesByKeyword[keyword] ?? []) {
          const { captures, start } = rule.expression;
          const earliest = Math.max(0, at + (rule.rule.opensAnywhere === true ? Math.min(0, start) : start));
          const startsFrom =
            captures && rule.rule.opensAnywhere !== true ? Math.max(after, earliest) : earliest;
          const limit = this.#density.limitAt(rule, at);
          this.#consider({ rule, at, limit, startsFrom, retryAt: 0 });
        }
      }
    }
    this.#state = state;
  }

  #retryOpen(): void {
    const before = this.#open;
    const length = this.#offset + this.#text.length;
    this.#open = [];
    for (const candidate of before) {
      if (length < candidate.retryAt) this.#open.push(candidate);
      else this.#consider(candidate);
    }
  }

  #consider(candidate: OpenCandidate): void {
    const { rule, at } = candidate;
    const { expression } = rule;
    const text = this.#text;
    const place = at - this.#offset;
    const limit = candidate.limit - this.#offset;
    if (!expression.isUndecided(text, place, limit)) {
      this.#decide(candidate);
      return;
    }
    const length = this.#offset + text.length;
    if (
      expression.captures &&
      rule.rule.opensAnywhere !== true &&
      !expression.hasBegunCapture(text, place, limit) &&
      expression.match(text, place, limit) === undefined
    ) {
      candidate.startsFrom = length;
    }
    candidate.retryAt = length - at > LONG_CANDIDATE ? length + ((length - at) >> 4) : length;
    this.#open.push(candidate);
  }

  #decide({ rule, at, limit }: OpenCandidate): void {
    const found = tryRule(rule, this.#text, at - this.#offset, this.#offset, limit - this.#offset);
    if (found !== undefined) this.#pending.push(found);
  }

  /** The offset before which every match is known. */
  #undecidedFrom(): number {
    const end = this.#offset + this.#text.length;
    let from = Math.max(0, end - Math.max(this.#openingLength(), this.#rules.holdBack));
    for (const { startsFrom } of this.#open) from = Math.min(from, startsFrom);
    for (const lead of this.#rules.leads) from = Math.min(from, end - leadLength(this.#text, lead));
    return from;
  }

  /** Length of the longest end of the text that could be the beginning of a match. */
  #openingLength(): number {
    const { automaton, openings, anywhereOpenings } = this.#rules;
    const text = this.#text;
    for (let length = automaton.depth[this.#state / automaton.rowLength] as number; length > 0; length--) {
      const start = text.length - length;
      const end = text.slice(start);
      if (openings.has(end) && !continuesWord(text, start)) return length;
      if (anywhereOpenings.size > 0 && anywhereOpenings.has(end.toLowerCase())) return length;
    }
    return 0;
  }

  #report(undecidedFrom: number): StreamScan {
    let safeUpTo = undecidedFrom;
    let matches = NOTHING;
    if (this.#pending.length > 0) {
      const { decided, waiting } = splitAt(this.#pending, undecidedFrom);
      this.#pending = waiting;
      for (const { start } of waiting) safeUpTo = Math.min(safeUpTo, start);
      matches = settleOverlaps(decided);
    }
    this.#forget(undecidedFrom);
    return { matches, safeUpTo };
  }

  /** Drops text that no rule will look at again. */
  #forget(undecidedFrom: number): void {
    let from = undecidedFrom;
    for (const { at } of this.#open) from = Math.min(from, at);
    const excess = from - this.#rules.lookBehind - this.#offset;
    if (excess < 1024) return;
    this.#text = this.#text.slice(excess);
    this.#offset += excess;
  }
}

/** Groups of overlapping candidates that end by `limit` can't be touched any more by one that starts after it. */
function splitAt(pending: Candidate[], limit: number): { decided: Candidate[]; waiting: Candidate[] } {
  pending.sort((a, b) => a.start - b.start);
  let groupStart = 0;
  let groupEnd = -1;
  for (let i = 0; i < pending.length; i++) {
    const { start, end } = pending[i] as Candidate;
    if (start >= groupEnd) {
      if (groupEnd > limit) break;
      groupStart = i;
    }
    groupEnd = Math.max(groupEnd, end);
  }
  const cut = groupEnd > limit ? groupStart : pending.length;
  return { decided: pending.slice(0, cut), waiting: pending.slice(cut) };
}

const isWordUnit = (unit: number): boolean =>
  (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 || (unit >= 97 && unit <= 122);

/** What ends a word although its last character is one, as the catalogue's rules know it: `\\n`, `\\u003d`, `%3D`, `[93m`. */
const ESCAPE = /(?:\\[nrt]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\[[0-9;]{1,8}m)$/;
const LONGEST_ESCAPE = 10;

/** True if the character before `start` makes a word boundary impossible there: rules never match inside a word. */
function continuesWord(text: string, start: number): boolean {
  if (start === 0 || !isWordUnit(text.charCodeAt(start)) || !isWordUnit(text.charCodeAt(start - 1)))
    return false;
  return !ESCAPE.test(text.slice(Math.max(0, start - LONGEST_ESCAPE), start));
}

/** How much of the end of `text` could be the random characters before a keyword that is yet to come. */
function leadLength(text: string, lead: CompiledLead): number {
  let longest = 0;
  for (let begun = 0; begun < lead.keyword.length; begun++) {
    if (begun > 0 && !text.endsWith(lead.keyword.slice(0, begun))) continue;
    let run = 0;
    for (let i = text.length - begun - 1; i >= 0 && run < lead.length; i--, run++) {
      const unit = text.charCodeAt(i);
      if (unit > 127 || lead.member[unit] === 0) break;
    }
    if (run > lead.shown) longest = Math.max(longest, run - lead.shown + begun);
  }
  return longest;
}
