/**
 * Says whether a text is source code, how much of it, and in which language. Lines are counted, not parsed: it takes
 * time in proportion to the text, and what it says of a line never depends on later ones.
 */
import type { Detector, Match, StreamScan, StreamScanner } from '../../core/finding.ts';
import { MAX_MATCHES, tooManyMatches } from '../guard-error.ts';
import { LANGUAGE_NAMES, type Language } from './languages.ts';
import { readLine } from './line.ts';
import { type Region, RegionReader } from './regions.ts';

export interface CodeOptions {
  /** Of all characters that aren't white space. Above 0, it is only known at the end. */
  readonly minShare: number;
  /** Characters of code, white space aside, that a text must hold. */
  readonly minCharacters: number;
  /** Undefined: all. */
  readonly languages: ReadonlySet<Language> | undefined;
}

export function createCodeDetector(id: string, options: CodeOptions): Detector {
  return {
    id,
    scan(text) {
      const stream = new CodeStream(options);
      const { matches } = stream.push(text);
      return [...matches, ...stream.end().matches];
    },
    openStream: () => new CodeStream(options),
  };
}

/** A longer line is read in pieces of this length, so that a paragraph needn't be awaited. */
const MAX_LINE = 200;

class CodeStream implements StreamScanner {
  readonly #options: CodeOptions;
  readonly #regions = new RegionReader();
  /** The unfinished line. */
  #line = '';
  /** Where it starts. */
  #offset = 0;
  #weight = 0;
  #codeWeight = 0;
  /** Regions that count if there is enough code. */
  #waiting: Region[] = [];
  #count = 0;

  constructor(options: CodeOptions) {
    this.#options = options;
  }

  push(delta: string): StreamScan {
    // Looked for once per line, not once per piece: a line of megabytes would be read over and over.
    let newline = delta.indexOf('\n');
    for (let from = 0; from < delta.length; ) {
      if (newline >= 0 && newline < from) newline = delta.indexOf('\n', from);
      const lineEnd = newline < 0 ? delta.length : newline;
      const pieceEnd = Math.min(lineEnd, from + MAX_LINE - this.#line.length);
      this.#line += delta.slice(from, pieceEnd);
      from = pieceEnd;
      if (pieceEnd < lineEnd) this.#readLine(0);
      else if (newline >= 0) {
        this.#readLine(1);
        from++;
      }
    }
    this.#collect(this.#regions.take());
    return this.#report();
  }

  end(): StreamScan {
    if (this.#line !== '') this.#readLine(0);
    this.#collect(this.#regions.end());
    const { minShare } = this.#options;
    const isCode = this.#isEnough() && this.#codeWeight >= minShare * this.#weight;
    return { matches: isCode ? this.#waiting.map(matchOf) : [], safeUpTo: this.#offset };
  }

  /** `newline`: how many characters end it. */
  #readLine(newline: 0 | 1): void {
    const start = this.#offset;
    const end = start + this.#line.length;
    const line = readLine(this.#line);
    this.#weight += line.weight;
    this.#regions.line(line, start, end);
    this.#line = '';
    this.#offset = end + newline;
  }

  #collect(regions: readonly Region[]): void {
    const { languages } = this.#options;
    for (const region of regions) {
      if (languages !== undefined && !languages.has(region.language)) continue;
      this.#codeWeight += region.weight;
      this.#waiting.push(region);
      if (++this.#count > MAX_MATCHES) throw tooManyMatches();
    }
  }

  #isEnough(): boolean {
    return this.#codeWeight >= Math.max(1, this.#options.minCharacters);
  }

  #report(): StreamScan {
    let matches: readonly Match[] = [];
    if (this.#options.minShare === 0 && this.#isEnough()) matches = this.#waiting.splice(0).map(matchOf);
    const undecided = this.#waiting[0]?.start ?? this.#regions.openStart ?? this.#offset;
    return { matches, safeUpTo: undecided };
  }
}

const matchOf = ({ start, end, language, certain }: Region): Match => ({
  kind: 'source-code',
  label: `${LANGUAGE_NAMES[language]} code block`,
  severity: 'medium',
  confidence: certain ? 'high' : 'medium',
  start,
  end,
});
