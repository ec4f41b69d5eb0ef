import type { Confidence, Match, Severity } from '../../core/finding.ts';
import type { Progress, TextWindow, Walk } from '../walk.ts';
import { judgeBirthDate, mayStartDate, readWrittenDate } from './birth-date.ts';
import type { Candidate, Judged, Reading } from './candidate.ts';
import {
  classAt,
  DIGIT,
  isDigitAt,
  isJoinedBefore,
  nextStart,
  starts,
  startsWord,
  UPPER,
  wordEnd,
} from './characters.ts';
import { contextBefore } from './context.ts';
import { localPartStart, readEmail } from './email.ts';
import { readIban } from './iban.ts';
import { IP_KIND, IP_LABEL, readIpv6 } from './ip-address.ts';
import {
  judgeNational,
  PHONE_KIND,
  PHONE_LABEL,
  readInternational,
  readParenthesised,
  readSpelling,
} from './phone.ts';
import { hasDigitEarly, mayBecomeShape, readShapes, type ShapeTrie } from './shapes.ts';

/** What a walk looks for: chosen by the policy's kinds and countries. */
export interface Search {
  readonly shapes: ShapeTrie<Reading>;
  readonly iban: boolean;
  readonly phone: boolean;
  readonly ipAddress: boolean;
  readonly birthDate: boolean;
  /** Undefined: no addresses are sought. */
  readonly email: { readonly companyDomains: readonly string[] } | undefined;
}

/** A value of a list or a column needs no name of its own if one of its kind stands this close before it. */
const LIST_CHARACTERS = 80;
/** Neither an address' local part nor a number's context reaches further back. */
export const LOOK_BEHIND = 200;

type Kind = readonly [kind: string, label: string, severity: Severity];
const IBAN: Kind = ['iban', 'bank account number (IBAN)', 'high'];
const EMAIL: Kind = ['email-address', 'e-mail address', 'medium'];
const PHONE: Kind = [PHONE_KIND, PHONE_LABEL, 'medium'];
const IP: Kind = [IP_KIND, IP_LABEL, 'low'];
const BIRTH_DATE: Kind = ['birth-date', 'birth date', 'medium'];

/** A step that must wait for more text. */
const WAIT = -1;

const CONFIDENCE: Readonly<Record<Confidence, number>> = { low: 0, medium: 1, high: 2 };

/**
 * Goes from word to word. What begins with a digit or a capital letter, `+`, `(` or an `@` is tried against what is
 * written that way; the first reading takes the text, and the walk goes on behind it.
 */
export class PiiWalk implements Walk {
  readonly #search: Search;
  readonly #lastEnds = new Map<string, number>();
  #lastEnd = 0;
  #text = '';
  #base = 0;
  #isEnd = true;
  #found: Match[] = [];

  constructor(search: Search) {
    this.#search = search;
  }

  advance(window: TextWindow, from: number, found: Match[]): Progress {
    const { text, base, isEnd } = window;
    this.#text = text;
    this.#base = base;
    this.#isEnd = isEnd;
    this.#found = found;
    let at = nextStart(text, from);
    while (at < text.length) {
      const next = this.#step(at, classAt(text, at));
      if (next === WAIT) break;
      at = nextStart(text, next);
    }
    return { at, safeUpTo: this.#safeUpTo(at) };
  }

  /** Where to go on after what starts at `at`, or WAIT. */
  #step(at: number, kind: number): number {
    const text = this.#text;
    if (kind === starts.atSign) return this.#atSign(at);
    if (kind === starts.plus) return this.#phone(at, readInternational);
    if (kind === starts.parenthesis) return this.#phone(at, readParenthesised);
    if (!startsWord(text, at)) return wordEnd(text, at);
    if (kind === DIGIT) return this.#number(at);
    if (kind === UPPER) return this.#capital(at);
    // An escaped line break: the word begins after it.
    if (at > 0 && text.charCodeAt(at - 1) === 0x5c && /[nrt]/.test(text[at] as string)) return at + 1;
    return wordEnd(text, at);
  }

  #atSign(at: number): number {
    if (this.#search.email === undefined) return at + 1;
    const floor = Math.max(0, this.#lastEnd - this.#base);
    const hit = readEmail(this.#text, at, floor, this.#isEnd, this.#search.email);
    if (hit === 'more') return WAIT;
    return hit === undefined ? at + 1 : this.#take(EMAIL, hit.start, hit.end, hit.confidence);
  }

  #phone(at: number, read: typeof readInternational): number {
    if (!this.#search.phone || (at + 1 < this.#text.length && !isDigitAt(this.#text, at + 1))) return at + 1;
    const end = read(this.#text, at, this.#isEnd);
    if (end === 'more') return WAIT;
    return end === undefined ? at + 1 : this.#take(PHONE, at, end, 'high');
  }

  #capital(at: number): number {
    const text = this.#text;
    const end = wordEnd(text, at);
    if (end === text.length && !this.#isEnd) {
      return mayBecomeShape(text, at) ? WAIT : (this.#writtenDate(at) ?? end);
    }
    // `Word`, `CONSTANT_CASE`: nothing is written so, but `AB 12 34 56 C` begins with two letters.
    if (!hasDigitEarly(text, at, end) && end - at > 3) return this.#writtenDate(at) ?? end;
    if (this.#search.iban && !isJoinedBefore(text, at)) {
      const iban = readIban(text, at, this.#isEnd);
      if (iban === 'more') return WAIT;
      if (iban !== undefined) return this.#take(IBAN, at, iban.end, iban.isExample ? 'low' : 'high');
    }
    const written = this.#writtenDate(at);
    if (written !== undefined) return written;
    return this.#shape(at) ?? end;
  }

  #number(at: number): number {
    const text = this.#text;
    const shape = this.#shape(at);
    if (shape !== undefined) return shape;
    const written = this.#writtenDate(at);
    if (written !== undefined) return written;
    const end = wordEnd(text, at);
    if (this.#search.ipAddress && end - at === 4 && text[end] === ':') {
      const address = readIpv6(text, at, this.#isEnd);
      if (address === 'more') return WAIT;
      if (address !== undefined) return this.#take(IP, at, address, 'medium');
    }
    return this.#search.phone ? (this.#nationalPhone(at) ?? end) : end;
  }

  #nationalPhone(at: number): number | undefined {
    const spelling = readSpelling(this.#text, at, this.#isEnd);
    if (spelling === 'more') return WAIT;
    if (spelling === undefined) return undefined;
    const context = contextBefore(this.#text, at);
    const follows = (kind: string) => this.#follows(kind, at);
    const confidence = judgeNational({ text: this.#text, start: at, context, follows }, spelling);
    return confidence === undefined ? undefined : this.#take(PHONE, at, spelling.end, confidence);
  }

  #writtenDate(at: number): number | undefined {
    if (!this.#search.birthDate || !mayStartDate(this.#text, at)) return undefined;
    const end = readWrittenDate(this.#text, at, this.#isEnd);
    if (end === 'more') return WAIT;
    if (end === undefined) return undefined;
    const judged = judgeBirthDate(contextBefore(this.#text, at), this.#follows(BIRTH_DATE[0], at));
    return judged === undefined ? undefined : this.#take(BIRTH_DATE, at, end, judged.confidence);
  }

  #shape(at: number): number | undefined {
    const text = this.#text;
    const hits = readShapes(this.#search.shapes, text, at, this.#isEnd);
    if (hits === undefined) return WAIT;
    let context: string | undefined;
    let best: { reading: Reading; end: number; judged: Judged } | undefined;
    for (const { rule: reading, shape, end, characters } of hits) {
      context ??= contextBefore(text, at);
      const candidate: Candidate = {
        text,
        start: at,
        end,
        shape,
        characters,
        context,
        follows: (kind) => this.#follows(kind, at),
      };
      const judged = reading.judge(candidate);
      if (judged !== undefined && (best === undefined || isBetter({ end, judged }, best)))
        best = { reading, end, judged };
    }
    if (best === undefined) return undefined;
    const { kind, label, severity } = best.reading;
    return this.#take([kind, label, severity], at, best.end, best.judged.confidence);
  }

  #follows(kind: string, at: number): boolean {
    const last = this.#lastEnds.get(kind);
    return last !== undefined && at + this.#base - last <= LIST_CHARACTERS;
  }

  #take([kind, label, severity]: Kind, start: number, end: number, confidence: Confidence): number {
    const base = this.#base;
    this.#found.push({ kind, label, severity, confidence, start: start + base, end: end + base });
    this.#lastEnd = end + base;
    this.#lastEnds.set(kind, end + base);
    return end;
  }

  /** The characters before may turn out to be the beginning of an address, once an `@` comes. */
  #safeUpTo(at: number): number {
    if (this.#search.email === undefined || this.#isEnd) return at;
    const floor = Math.max(0, this.#lastEnd - this.#base);
    return localPartStart(this.#text, at, floor);
  }
}

/** The longer reading; of equals the one whose name stands nearer, then the surer. */
function isBetter(
  a: { readonly end: number; readonly judged: Judged },
  b: { readonly end: number; readonly judged: Judged },
): boolean {
  if (a.end !== b.end) return a.end > b.end;
  if (a.judged.namedAt !== b.judged.namedAt) return a.judged.namedAt > b.judged.namedAt;
  return CONFIDENCE[a.judged.confidence] > CONFIDENCE[b.judged.confidence];
}
