import type { Match } from '../../core/finding.ts';
import { buildKeywordAutomaton, type KeywordAutomaton } from './aho-corasick.ts';
import { type Expression, lineAround, NativeExpression, untilEndOfLine } from './expression.ts';
import type { Lead } from './lead.ts';
import type { ForeignRule, Rule } from './rule.ts';

/** A match before overlaps are settled. */
export interface Candidate extends Match {
  readonly specificity: number;
}

export interface CompiledRule {
  readonly rule: Rule | ForeignRule;
  readonly expression: Expression;
}

export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  readonly automaton: KeywordAutomaton;
  readonly keywordLengths: Uint8Array;
  /** By keyword index: the rules it announces. */
  readonly rulesByKeyword: readonly (readonly CompiledRule[])[];
  /** Every beginning of a keyword at which a match itself starts, in the case the vendor writes it. */
  readonly openings: ReadonlySet<string>;
  /** The same in lower case, for secrets that may start anywhere and in any case. */
  readonly anywhereOpenings: ReadonlySet<string>;
  readonly leads: readonly CompiledLead[];
  /** How much text before a keyword any rule may look at. */
  readonly lookBehind: number;
  /** How much of the end of a text may become part of a match at a keyword yet to come. */
  readonly holdBack: number;
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

export function compileRules(rules: readonly (Rule | ForeignRule)[]): CompiledRules {
  const indexOf = new Map<string, number>();
  const rulesByKeyword: CompiledRule[][] = [];
  const openings = new Set<string>();
  const anywhereOpenings = new Set<string>();
  const leads: CompiledLead[] = [];
  let holdBack = 0;
  const compiled = rules.map((rule) => {
    const one = compileRule(rule);
    const lead = 'pattern' in rule ? rule.lead : undefined;
    for (const keyword of rule.keywords) {
      const folded = keyword.toLowerCase();
      const index = indexOf.get(folded) ?? indexOf.size;
      indexOf.set(folded, index);
      const announced = rulesByKeyword[index] ?? [];
      if (!announced.includes(one)) announced.push(one);
      rulesByKeyword[index] = announced;
      if (lead !== undefined) leads.push(compileLead(lead, keyword));
      else if (one.expression.start < 0) holdBack = Math.max(holdBack, keyword.length - one.expression.start);
      else if (rule.opensAnywhere === true) addBeginnings(anywhereOpenings, folded);
      else if (!one.expression.captures) addBeginnings(openings, keyword);
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
    anywhereOpenings,
    leads,
    lookBehind: BOUNDARY_CHARACTERS + Math.max(0, ...compiled.map((one) => one.expression.lookBehind)),
    holdBack,
  };
}

function addBeginnings(openings: Set<string>, keyword: string): void {
  for (let length = 1; length <= keyword.length; length++) openings.add(keyword.slice(0, length));
}

function compileRule(rule: Rule | ForeignRule): CompiledRule {
  const expression = 'pattern' in rule ? new NativeExpression(rule.pattern, rule.lead) : rule.expression;
  return { rule, expression: rule.exceptsByLine === true ? untilEndOfLine(expression) : expression };
}

function compileLead(lead: Lead, keyword: string): CompiledLead {
  const set = new RegExp(`^${lead.set}$`);
  const member = Uint8Array.from({ length: 128 }, (_, code) => (set.test(String.fromCharCode(code)) ? 1 : 0));
  return { member, length: lead.length, shown: lead.shown, keyword };
}

/** Tries one rule at a keyword that starts at `at` in `text`, which itself starts at `offset` in the whole. */
export function tryRule(
  { rule, expression }: CompiledRule,
  text: string,
  at: number,
  offset: number,
  limit: number,
): Candidate | undefined {
  const found = expression.match(text, at, limit);
  if (found === undefined) return undefined;
  const { start, end } = found;
  const secret = text.slice(start, end);
  const confidence = rule.judge(secret, text.slice(Math.max(0, start - BOUNDARY_CHARACTERS), start));
  if (confidence === undefined) return undefined;
  if (rule.isExcepted !== undefined) {
    const { from, to } = found;
    const before = text.slice(Math.max(0, from - BOUNDARY_CHARACTERS), from);
    const line = rule.exceptsByLine === true ? lineAround(text, found) : '';
    if (rule.isExcepted({ secret, matched: text.slice(from, to), before, line })) return undefined;
  }
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
