import type { Detector, Match } from '../../core/finding.ts';
import { type Candidate, compileRules, tryRule } from './compile.ts';
import { KeywordDensity } from './density.ts';
import { settleOverlaps } from './overlaps.ts';
import type { ForeignRule, Rule } from './rule.ts';
import { RuleStream } from './rule-stream.ts';
import { Runs } from './runs.ts';

/** A detector made of rules: one pass for all keywords, a bounded expression at each hit. */
export function createRuleDetector(id: string, rules: readonly (Rule | ForeignRule)[]): Detector {
  const compiled = compileRules(rules);
  const { automaton, keywordLengths, rulesByKeyword } = compiled;

  function scan(text: string): Match[] {
    const { table, classOf, output, rowLength } = automaton;
    const candidates: Candidate[] = [];
    const density = new KeywordDensity();
    const runs = new Runs(text);
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      state = table[state + (classOf[text.charCodeAt(i)] as number)] as number;
      if (state >= 0) continue;
      state = ~state;
      for (const keyword of output[state / rowLength] as readonly number[]) {
        const at = i + 1 - (keywordLengths[keyword] as number);
        for (const rule of rulesByKeyword[keyword] ?? []) {
          if (!runs.allows(rule, i + 1)) continue;
          const candidate = tryRule(rule, text, at, 0, density.limitAt(rule, at));
          if (candidate !== undefined) candidates.push(candidate);
        }
      }
    }
    return settleOverlaps(candidates);
  }

  return { id, scan, openStream: () => new RuleStream(compiled) };
}
