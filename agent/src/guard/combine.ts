/** Detectors made of detectors. Both keep the promise of their parts: the verdict never depends on how a stream was cut. */
import type { Detector, Match, StreamScan, StreamScanner } from '../core/finding.ts';

const byStart = (a: Match, b: Match): number => a.start - b.start || a.end - b.end;

/** All that any of them finds. */
export function unionOf(id: string, parts: readonly Detector[]): Detector {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return { ...only, id };
  return {
    id,
    scan: (text) => parts.flatMap((part) => part.scan(text)).sort(byStart),
    openStream() {
      const streams = parts.map((part) => part.openStream());
      const join = (scans: readonly StreamScan[]): StreamScan => ({
        matches: scans.flatMap(({ matches }) => matches).sort(byStart),
        safeUpTo: Math.min(...scans.map(({ safeUpTo }) => safeUpTo)),
      });
      return {
        push: (delta) => join(streams.map((stream) => stream.push(delta))),
        end: () => join(streams.map((stream) => stream.end())),
      };
    },
  };
}

/** What `main` finds, where `context` finds something before or after it, with at most `characters` in between. */
export function nearTo(main: Detector, context: Detector, characters: number): Detector {
  return {
    id: main.id,
    scan(text) {
      const matches = main.scan(text);
      if (matches.length === 0) return matches;
      const around = new Surroundings(context.scan(text), characters);
      return matches.filter((match) => around.touch(match));
    },
    openStream: () => new NearStream(main.openStream(), context.openStream(), characters),
  };
}

/** Contexts, to be asked in logarithmic time. */
class Surroundings {
  readonly #characters: number;
  /** By start. */
  #starts: Match[];
  /** By end. */
  #ends: Match[];

  constructor(contexts: readonly Match[], characters: number) {
    this.#characters = characters;
    this.#starts = [...contexts].sort((a, b) => a.start - b.start);
    this.#ends = [...contexts].sort((a, b) => a.end - b.end);
  }

  add(contexts: readonly Match[]): void {
    if (contexts.length === 0) return;
    for (const context of contexts) {
      this.#starts.splice(firstAt(this.#starts, 'start', context.start), 0, context);
      this.#ends.splice(firstAt(this.#ends, 'end', context.end), 0, context);
    }
  }

  /** Contexts before this offset can't be near to anything that is still to come. */
  forgetBefore(offset: number): void {
    const [first] = this.#ends;
    if (first === undefined || first.end >= offset) return;
    this.#ends = this.#ends.filter(({ end }) => end >= offset);
    this.#starts = this.#starts.filter(({ end }) => end >= offset);
  }

  touch({ start, end }: Match): boolean {
    const after = this.#starts[firstAt(this.#starts, 'start', end)];
    if (after !== undefined && after.start - end <= this.#characters) return true;
    const before = this.#ends[firstAt(this.#ends, 'end', start + 1) - 1];
    return before !== undefined && start - before.end <= this.#characters;
  }
}

/** Index of the first match whose offset isn't below `least`. */
function firstAt(sorted: readonly Match[], offset: 'start' | 'end', least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Match)[offset] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

class NearStream implements StreamScanner {
  readonly #main: StreamScanner;
  readonly #context: StreamScanner;
  readonly #characters: number;
  readonly #around: Surroundings;
  /** They wait for what may follow them. */
  #waiting: Match[] = [];

  constructor(main: StreamScanner, context: StreamScanner, characters: number) {
    this.#main = main;
    this.#context = context;
    this.#characters = characters;
    this.#around = new Surroundings([], characters);
  }

  push(delta: string): StreamScan {
    return this.#judge(this.#main.push(delta), this.#context.push(delta), false);
  }

  end(): StreamScan {
    return this.#judge(this.#main.end(), this.#context.end(), true);
  }

  #judge(main: StreamScan, context: StreamScan, ended: boolean): StreamScan {
    this.#around.add(context.matches);
    const matches: Match[] = [];
    const waiting: Match[] = [];
    for (const match of [...this.#waiting, ...main.matches]) {
      if (this.#around.touch(match)) matches.push(match);
      else if (!ended && context.safeUpTo <= match.end + this.#characters) waiting.push(match);
    }
    this.#waiting = waiting;
    const safeUpTo = waiting.reduce((least, { start }) => Math.min(least, start), main.safeUpTo);
    this.#around.forgetBefore(safeUpTo - this.#characters);
    return { matches: matches.sort(byStart), safeUpTo };
  }
}
