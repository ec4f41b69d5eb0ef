/**
 * How well a detector finds things: precision and recall on labelled texts, findings per megabyte on texts that hold
 * nothing, and speed. A detector of its own kind (asynchronous, request-wide) is wrapped into `Detector` by its section.
 */
import type { Detector, Match } from '../../../agent/src/core/finding.ts';
import { createScanCache } from '../../../agent/src/guard/scan-cache.ts';
import type { CorpusText } from './corpus.ts';

/** A text, and everything in it that must be found; nothing expected: nothing may be found. */
export interface Labelled {
  readonly text: string;
  readonly expected: readonly Expected[];
  /** The row of the table; default: the kind expected, or `nothing`. */
  readonly category?: string;
}

export interface Expected {
  /** What `Match.kind` must say; undefined: any kind will do. */
  readonly kind?: string | undefined;
  readonly start: number;
  readonly end: number;
}

export interface Score {
  readonly found: number;
  readonly missed: number;
  readonly wrong: number;
}

/** By category, in the order of first appearance, then `all`, their sum. */
export type Scores = ReadonlyMap<string, Score>;

const NONE: Score = { found: 0, missed: 0, wrong: 0 };
/** A match that covers less of what is expected doesn't protect it. */
const LEAST_COVERED = 0.5;

export function measure(detector: Detector, labelled: readonly Labelled[]): Scores {
  const scores = new Map<string, Score>();
  for (const one of labelled) {
    const category = one.category ?? one.expected[0]?.kind ?? 'nothing';
    const score = scoreOf(detector.scan(one.text), one.expected);
    scores.set(category, add(scores.get(category) ?? NONE, score));
  }
  return scores.set('all', [...scores.values()].reduce(add, NONE));
}

function scoreOf(matches: readonly Match[], expected: readonly Expected[]): Score {
  const covers = (match: Match, { start, end, kind }: Expected): boolean =>
    (kind === undefined || kind === match.kind) &&
    Math.min(match.end, end) - Math.max(match.start, start) >= LEAST_COVERED * (end - start);
  const found = expected.filter((one) => matches.some((match) => covers(match, one))).length;
  const wrong = matches.filter((match) => !expected.some((one) => covers(match, one))).length;
  return { found, missed: expected.length - found, wrong };
}

const add = (a: Score, b: Score): Score => ({
  found: a.found + b.found,
  missed: a.missed + b.missed,
  wrong: a.wrong + b.wrong,
});

export const recall = ({ found, missed }: Score): number => found / (found + missed);
export const precision = ({ found, wrong }: Score): number => found / (found + wrong);

export interface BenignFindings {
  readonly megabytes: number;
  /** Findings per megabyte, by confidence and in sum. */
  readonly perMegabyte: Readonly<Record<'all' | Match['confidence'], number>>;
  /** The kinds most often found, so that a regression has a name. */
  readonly kinds: ReadonlyMap<string, number>;
}

/** A megabyte is a million characters here. */
export function findingsPerMegabyte(detector: Detector, corpus: Iterable<CorpusText>): BenignFindings {
  const counts = { all: 0, low: 0, medium: 0, high: 0 };
  const kinds = new Map<string, number>();
  let characters = 0;
  for (const { text } of corpus) {
    characters += text.length;
    for (const { confidence, kind } of detector.scan(text)) {
      counts.all++;
      counts[confidence]++;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  const megabytes = characters / 1e6;
  const rate = (count: number): number => count / megabytes;
  return {
    megabytes,
    perMegabyte: {
      all: rate(counts.all),
      low: rate(counts.low),
      medium: rate(counts.medium),
      high: rate(counts.high),
    },
    kinds: new Map([...kinds].sort((a, b) => b[1] - a[1])),
  };
}

export interface Speed {
  readonly ms8KB: number;
  readonly ms100KB: number;
  readonly ms1MB: number;
  readonly usPerDelta: number;
  /** A message of 8 KB that was searched before. */
  readonly usPerCachedMessage: number;
}

/** `text` is at least a megabyte long and of the kind that people send. */
export function speedOf(detector: Detector, text: string): Speed {
  const scanMs = (characters: number): number =>
    medianMs(() => detector.scan(text.slice(0, characters)), characters > 500_000 ? 9 : 31);
  const deltas = text.slice(0, 100_000).match(/\s?\w+|\W/g) ?? [];
  const streamMs = medianMs(() => {
    const stream = detector.openStream();
    for (const delta of deltas) stream.push(delta);
  }, 5);
  const cache = createScanCache();
  // Made anew each time, as a parsed body is: its hash isn't known yet.
  const resent = (): string => Buffer.from(text.slice(0, 8_192)).toString('utf8');
  cache.scan(detector, resent());
  return {
    ms8KB: scanMs(8_192),
    ms100KB: scanMs(102_400),
    ms1MB: scanMs(1_048_576),
    usPerDelta: (streamMs * 1000) / deltas.length,
    usPerCachedMessage: medianMs(() => cache.scan(detector, resent()), 101) * 1000,
  };
}

function medianMs(run: () => void, rounds: number): number {
  const times = Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return times.sort((a, b) => a - b)[rounds >> 1] as number;
}
