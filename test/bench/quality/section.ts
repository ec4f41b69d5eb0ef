/** What a detector's section of the quality bench shows, as the tables for the docs. */
import type { Detector } from '../../../agent/src/core/finding.ts';
import { number } from '../report.ts';
import { CORPUS_NAMES, corpusOf } from './corpus.ts';
import {
  findingsPerMegabyte,
  type Labelled,
  measure,
  precision,
  recall,
  type Speed,
  speedOf,
} from './harness.ts';

export interface QualitySection {
  readonly title: string;
  readonly detector: Detector;
  readonly labelled: readonly Labelled[];
  /** About a megabyte of what people send; default: source code. */
  readonly speedText?: string;
  /** Further tables of this section's own. */
  readonly more?: (measured: { readonly detector: Detector; readonly speed: Speed }) => void;
}

/** Recall and precision, category by category. */
export function printScores(title: string, detector: Detector, labelled: readonly Labelled[]): void {
  console.log(
    `\n### ${title}\n\n| category | texts with it | recall | precision | wrong |\n|---|---|---|---|---|`,
  );
  for (const [category, score] of measure(detector, labelled)) {
    const expected = score.found + score.missed;
    const rates = [recall(score), precision(score)].map((rate) =>
      Number.isNaN(rate) ? '–' : rate.toFixed(3),
    );
    console.log(`| ${category} | ${expected} | ${rates.join(' | ')} | ${score.wrong} |`);
  }
}

export function printSection(section: QualitySection): void {
  const { title, detector, labelled } = section;
  printScores(title, detector, labelled);
  console.log('\n| benign text | MB | high per MB | medium | low | most often |\n|---|---|---|---|---|---|');
  for (const name of CORPUS_NAMES) {
    const { megabytes, perMegabyte, kinds } = findingsPerMegabyte(detector, corpusOf(name));
    if (megabytes === 0) continue;
    const { high, medium, low } = perMegabyte;
    const most = [...kinds].slice(0, 3).map(([kind, count]) => `${kind} ${count}`);
    console.log(
      `| ${name} | ${megabytes.toFixed(1)} | ${[high, medium, low].map((rate) => rate.toFixed(2)).join(' | ')} | ${most.join(', ')} |`,
    );
  }
  const speed = speedOf(detector, section.speedText ?? sourceText());
  const { ms8KB, ms100KB, ms1MB, usPerDelta, usPerCachedMessage } = speed;
  console.log(
    '\n| 8 KB ms | 100 KB ms | 1 MB ms | µs per delta | µs per 8 KB seen before |\n|---|---|---|---|---|',
  );
  const figures = [ms8KB, ms100KB, ms1MB, usPerDelta, usPerCachedMessage];
  console.log(`| ${figures.map(number).join(' | ')} |`);
  section.more?.({ detector, speed });
}

function sourceText(): string {
  let text = '';
  for (const source of corpusOf('sources')) {
    if (text.length > 1_100_000) break;
    text += source.text;
  }
  return text;
}
