import type { Match } from '../../core/finding.ts';
import { buildKeywordAutomaton, type KeywordAutomaton } from './aho-corasick.ts';
import { parsePattern } from './pattern.ts';
import type { Lead, Rule } from './rule.ts';

/** A match before overlaps are settled. */
export interface Candidate extends Match {
  readonly specificity: number;
}

export interface CompiledRule {
  readonly rule: Rule;
  /** Sticky: matches at `lastIndex` or not at all. */
  readonly matcher: RegExp;
  /** Sticky: true if more text could change what `matcher` says at `lastIndex`. */
  readonly undecided: RegExp;
  /** Sticky: undecided, and the captured part has begun. Undefined where nothing is captured. */
  readonly beginsCapture: RegExp | undefined;
  /** Where a match starts, counted from the keyword: negative where random characters precede it, the least possible where it is captured. */
  readonly start: number;
}

export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  readonly automaton: KeywordAutomaton;
  readonly keywordLengths: Uint8Array;
  /** By keyword index: the rules it announces. */
  readonly rulesByKeyword: readonly (readonly CompiledRule[])[];
  /** Every beginning of a keyword at which a match itself starts, in the case the vendor writes it. */
  readonly openings: ReadonlySet<string>;
  readonly leads: readonly CompiledLead[];
  /** How much text before a keyword any rule may look at. */
  readonly lookBehind: number;
}

export interface CompiledLead {
  /** 1 for every ASCII code in the set. */
  readonly member: Uint8Array;
  readonly length: number;
  readonly shown: number;
  readonly keyword: string;
}

/** Boundary assertions and judges look at no more than this many characters before a match. */
const BOUNDARY_CHARACTERS = 48;

export function compileRules(rules: readonly Rule[]): CompiledRules {
  const indexOf = new Map<string, number>();
  const rulesByKeyword: CompiledRule[][] = [];
  const openings = new Set<string>();
  const leads: CompiledLead[] = [];
  const compiled = rules.map((rule) => {
    const one = compileRule(rule);
    for (const keyword of rule.keywords) {
      const folded = keyword.toLowerCase();
      const index = indexOf.get(folded) ?? indexOf.size;
      indexOf.set(folded, index);
      const announced = rulesByKeyword[index] ?? [];
      if (!announced.includes(one)) announced.push(one);
      rulesByKeyword[index] = announced;
      if (rule.lead !== undefined) leads.push(compileLead(rule.lead, keyword));
      if (one.beginsCapture === undefined && rule.lead === undefined) {
        for (let length = 1; length <= keyword.length; length++) openings.add(keyword.slice(0, length));
      }
    }
    return one;
  });
  const keywords = [...indexOf.keys()];
  return {
    rules: compiled,
    automaton: buildKeywordAutomaton(keywords),
    keywordLengths: Uint8Array.from(keywords, (keyword) => keyword.length),
    rulesByKeyword,
    openings,
    leads,
    lookBehind: BOUNDARY_CHARACTERS + Math.max(0, ...leads.map((lead) => lead.length)),
  };
}

function compileRule(rule: Rule): CompiledRule {
  const pattern = parsePattern(rule.pattern);
  const { lead } = rule;
  const before = lead === undefined ? '' : `(?<=(?<!${lead.set})${lead.set}{${lead.length}})`;
  return {
    rule,
    matcher: new RegExp(before + pattern.source, pattern.hasCapture ? 'dy' : 'y'),
    undecided: new RegExp(before + pattern.undecidedSource, 'y'),
    beginsCapture:
      pattern.beginsCaptureSource === undefined ? undefined : new RegExp(pattern.beginsCaptureSource, 'y'),
    start: lead === undefined ? pattern.minLengthBeforeCapture : lead.shown - lead.length,
  };
}

function compileLead(lead: Lead, keyword: string): CompiledLead {
  const set = new RegExp(`^${lead.set}$`);
  const member = Uint8Array.from({ length: 128 }, (_, code) => (set.test(String.fromCharCode(code)) ? 1 : 0));
  return { member, length: lead.length, shown: lead.shown, keyword };
}

/** Tries one rule at a keyword that starts at `at` in `text`. `offset` is where `text` starts in the whole. */
export function tryRule(one: CompiledRule, text: string, at: number, offset: number): Candidate | undefined {
  one.matcher.lastIndex = at;
  const found = one.matcher.exec(text);
  if (found === null) return undefined;
  const captured =
    one.beginsCapture !== undefined
      ? found.indices?.find((range, i) => i > 0 && range !== undefined)
      : undefined;
  const start = captured?.[0] ?? at + one.start;
  const end = captured?.[1] ?? at + found[0].length;
  const { rule } = one;
  const confidence = rule.judge(
    text.slice(start, end),
    text.slice(Math.max(0, start - BOUNDARY_CHARACTERS), start),
  );
  if (confidence === undefined) return undefined;
  return {
    kind: rule.id,
    label: rule.label,
    severity: rule.severity,
    confidence,
    start: start + offset,
    end: end + offset,
    specificity: rule.specificity,
  };
}
