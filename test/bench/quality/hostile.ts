/** What text costs that is made to be expensive: beginnings, near-misses and endless runs for every rule. */
import type { Detector } from '../../../agent/src/core/finding.ts';
import type { Rule } from '../../../agent/src/guard/engine/rule.ts';
import { sampleOf } from '../../kit/pattern-sample.ts';
import { createRandom } from '../../kit/random-text.ts';
import { number } from '../report.ts';

const CHARACTERS = 20_000;
const MS_PER_100KB = 102_400 / CHARACTERS;

export function printHostile(detector: Detector, rules: readonly Rule[], usualMs: number): void {
  const costs = rules
    .map((rule) => ({ id: rule.id, ms: Math.max(...unitsOf(rule).map((unit) => costOf(detector, unit))) }))
    .sort((a, b) => b.ms - a.ms);
  const at = (share: number): number => costs[Math.floor((costs.length - 1) * share)]?.ms ?? 0;
  console.log(
    '\n| hostile text for each rule, ms per 100 KB | median | 1 in 20 | worst | times the usual |\n|---|---|---|---|---|',
  );
  const times = number((costs[0]?.ms ?? 0) / usualMs);
  console.log(
    `| ${costs[0]?.id} is the worst | ${[at(0.5), at(0.05), at(0)].map(number).join(' | ')} | ${times} |`,
  );
}

function unitsOf(rule: Rule): readonly string[] {
  const keyword = rule.keywords[0] as string;
  const sample = sampleOf(rule, createRandom(3));
  return [
    keyword,
    `${keyword}=`,
    `${keyword}: 'xY9z`,
    `${keyword}${'a'.repeat(200)}`,
    sample.slice(0, -1),
    `${sample.slice(0, sample.length / 2)} `,
  ];
}

/** The best of three, as the machine has other things to do. */
function costOf(detector: Detector, unit: string): number {
  const text = unit.repeat(Math.ceil(CHARACTERS / unit.length)).slice(0, CHARACTERS);
  const times = Array.from({ length: 3 }, () => {
    const startedAt = performance.now();
    detector.scan(text);
    return performance.now() - startedAt;
  });
  return Math.min(...times) * MS_PER_100KB;
}
