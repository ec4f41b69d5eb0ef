import { CHARS_AFTER, CHARS_BEFORE, contextStart, PLAIN_ESCAPE } from '../core/escapes.ts';
import type { Match, StreamScan, StreamScanner } from '../core/finding.ts';
import { Unescaper } from './unescaper.ts';

/** A stretch of the text around escapes, searched as what it stands for. */
interface Stretch {
  readonly startsAt: number;
  /** Of the escape that opened it: what lies before that is for context only. */
  readonly escapeAt: number;
  readonly unescaper: Unescaper;
  readonly scanner: StreamScanner;
  safeUpTo: number;
}

/** Of JSON in JSON four times over; more of them before an escape aren't taken for a part of it. */
const MAX_BACKSLASHES = 16;
/** The end of a text that may become an escape of a plain character. */
const MAY_BE_ESCAPE = /\\{1,16}(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?$/i;
const MAX_UNFINISHED_CHARS = MAX_BACKSLASHES + 4;

/**
 * Searches a growing text as it stands and, around escapes of plain characters, as what they stand for: the arguments
 * of a tool call are JSON in which `\u0041` is an A. Matches lie in the text as it stands, so that whole escapes are
 * taken out of it. Where the stretches begin and end depends on the text alone, and so does the verdict.
 */
export class SpelledScanner implements StreamScanner {
  readonly #open: () => StreamScanner;
  readonly #plain: StreamScanner;
  /** The last characters that were read, as far back as a stretch may begin. */
  #tail = '';
  /** Characters that were read, and shown to `#plain`. */
  #length = 0;
  /** What follows them, while it may become an escape that opens a stretch. */
  #waiting = '';
  #plainSafeUpTo = 0;
  #stretch: Stretch | undefined;
  /** Matches of the text as it stands that a stretch may show as well. */
  #seen: Match[] = [];
  /** Matches of stretches, until it is known whether the text as it stands shows them as well. */
  #undecided: Match[] = [];

  constructor(open: () => StreamScanner) {
    this.#open = open;
    this.#plain = open();
  }

  push(delta: string): StreamScan {
    if (this.#stretch === undefined && this.#waiting === '' && !delta.includes('\\'))
      return this.#report(this.#readPlain(delta), false);
    const matches: Match[] = [];
    let text = this.#waiting + delta;
    this.#waiting = '';
    while (text !== '') {
      if (this.#stretch !== undefined) text = this.#readStretch(this.#stretch, text, matches);
      else text = this.#readUpToEscape(text, matches);
    }
    return this.#report(matches, false);
  }

  end(): StreamScan {
    const matches: Match[] = [];
    if (this.#stretch !== undefined) this.#close(this.#stretch, true);
    else if (this.#waiting !== '') matches.push(...this.#readPlain(this.#waiting));
    this.#waiting = '';
    const scan = this.#plain.end();
    this.#plainSafeUpTo = scan.safeUpTo;
    for (const match of scan.matches) {
      this.#seen.push(match);
      matches.push(match);
    }
    return this.#report(matches, true);
  }

  #readPlain(text: string): readonly Match[] {
    const scan = this.#plain.push(text);
    this.#length += text.length;
    const tail = text.length > CHARS_BEFORE ? text : this.#tail + text;
    this.#tail = tail.slice(-CHARS_BEFORE - 1);
    this.#plainSafeUpTo = scan.safeUpTo;
    for (const match of scan.matches) this.#seen.push(match);
    return scan.matches;
  }

  /** Returns what is left to be read once a stretch is open. */
  #readUpToEscape(text: string, matches: Match[]): string {
    const found = PLAIN_ESCAPE.exec(text);
    if (found === null) {
      const open = MAY_BE_ESCAPE.exec(text.slice(-MAX_UNFINISHED_CHARS));
      const waits = open === null ? 0 : open[0].length;
      matches.push(...this.#readPlain(text.slice(0, text.length - waits)));
      this.#waiting = text.slice(text.length - waits);
      return '';
    }
    const escapeStart = firstBackslash(text, found.index);
    matches.push(...this.#readPlain(text.slice(0, escapeStart)));
    const before = this.#tail.slice(contextStart(this.#tail, this.#tail.length));
    const startsAt = this.#length - before.length;
    const stretch: Stretch = {
      startsAt,
      escapeAt: this.#length,
      unescaper: new Unescaper(startsAt),
      scanner: this.#open(),
      safeUpTo: startsAt,
    };
    this.#stretch = stretch;
    this.#show(stretch, stretch.unescaper.pushAsItStands(before));
    return text.slice(escapeStart);
  }

  /** Returns what is left to be read once the stretch is over. */
  #readStretch(stretch: Stretch, text: string, matches: Match[]): string {
    let at = 0;
    while (at < text.length) {
      const left = Math.max(stretch.unescaper.lastPlainEnd, stretch.startsAt) + CHARS_AFTER - this.#length;
      if (left <= 0 && !stretch.unescaper.isUnfinished) {
        this.#close(stretch, false);
        return text.slice(at);
      }
      const piece = text.slice(at, at + Math.max(1, left));
      matches.push(...this.#readPlain(piece));
      this.#show(stretch, stretch.unescaper.push(piece));
      at += piece.length;
    }
    return '';
  }

  #show(stretch: Stretch, undone: string): void {
    if (undone === '') return;
    const { unescaper, scanner } = stretch;
    const scan = scanner.push(undone);
    this.#take(scan.matches, stretch);
    stretch.safeUpTo = unescaper.startOf(scan.safeUpTo);
    unescaper.forget(scan.safeUpTo);
  }

  /** What reaches to a stretch's end may be cut by it, and is no match unless the text ends there. */
  #close(stretch: Stretch, isLast: boolean): void {
    const { unescaper, scanner } = stretch;
    const rest = unescaper.end();
    if (rest !== '') this.#take(scanner.push(rest).matches, stretch);
    this.#take(scanner.end().matches, stretch);
    if (!isLast) this.#undecided = this.#undecided.filter(({ end }) => end < this.#length);
    this.#stretch = undefined;
  }

  #take(matches: readonly Match[], { unescaper, escapeAt }: Stretch): void {
    for (const match of matches) {
      const start = unescaper.startOf(match.start);
      const end = unescaper.endOf(match.end);
      if (end > escapeAt) this.#undecided.push({ ...match, start, end });
    }
  }

  /**
   * A match of a stretch counts once every match of the text as it stands is known that may cover it, if none does;
   * and not while it reaches to the end of what was read, since the stretch may end there.
   */
  #report(plain: readonly Match[], ended: boolean): StreamScan {
    let matches = plain;
    if (this.#undecided.length > 0) {
      const isDecided = ({ end }: Match): boolean =>
        ended || (end <= this.#plainSafeUpTo && (this.#stretch === undefined || end < this.#length));
      const news = this.#undecided.filter(
        (one) => isDecided(one) && !this.#seen.some((it) => covers(it, one)),
      );
      this.#undecided = this.#undecided.filter((one) => !isDecided(one));
      if (news.length > 0) matches = [...plain, ...news].sort((a, b) => a.start - b.start);
    }
    let safeUpTo = Math.min(this.#plainSafeUpTo, this.#stretch?.safeUpTo ?? Number.POSITIVE_INFINITY);
    for (const { start } of this.#undecided) safeUpTo = Math.min(safeUpTo, start);
    if (this.#seen.length > 0) {
      const from = Math.min(safeUpTo, this.#stretch?.startsAt ?? this.#length - CHARS_BEFORE);
      this.#seen = this.#seen.filter(({ end }) => end > from);
    }
    return { matches, safeUpTo };
  }
}

function firstBackslash(text: string, lastBackslash: number): number {
  let at = lastBackslash;
  while (lastBackslash - at < MAX_BACKSLASHES - 1 && text.charAt(at - 1) === '\\') at--;
  return at;
}

const covers = (seen: Match, one: Match): boolean =>
  seen.kind === one.kind && seen.start <= one.start && seen.end >= one.end;
