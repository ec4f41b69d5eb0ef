/**
 * Words that every match of an expression must contain, so that most texts can be told apart without asking it. Read
 * from the compiled program: a run of steps that each read one certain character (in any case) is a word; a set of words
 * is required if no way through the program avoids all of them.
 */
import { caseKey } from '../text/orbits.ts';
import type { Program, Step } from './program.ts';
import { canMatch, longestTo, reachable } from './shape.ts';

export interface RequiredLiterals {
  /** In case keys. One of them is in every match. */
  readonly keywords: readonly string[];
  /** How many code units of a match may stand before the first of them. */
  readonly before: number;
}

/** Shorter ones are in every text. */
export const MIN_LITERAL = 3;
const MAX_LITERAL = 24;
/** Words that one run of steps may stand for (`gr[ae]y`), and all together. */
const MAX_VARIANTS = 8;
export const MAX_KEYWORDS = 64;
/** A word this near to the beginning of the match keeps little of a stream waiting. */
const NEAR = 64;

/** Of very large expressions, only so many words are weighed. */
const MAX_CHAINS = 200;
const MAX_COMPARED = 20;

interface Chain {
  readonly index: number;
  readonly words: readonly string[];
  readonly length: number;
  /** All after the first. */
  readonly steps: readonly number[];
}

export function requiredLiterals(program: Program): RequiredLiterals | undefined {
  const chains = chainsOf(program);
  const single = best(
    program,
    chains.filter(({ index }) => !canMatch(program, (each) => each === index)),
  );
  if (single !== undefined) return single;
  const set = smallestSet(program, chains);
  return set === undefined ? undefined : literalsOf(program, set);
}

function chainsOf(program: Program): readonly Chain[] {
  const reached = reachable(program, () => false);
  const arrivals = new Map<number, number>();
  for (const index of reached) {
    for (const target of (program.steps[index] as Step).next)
      arrivals.set(target, (arrivals.get(target) ?? 0) + 1);
  }
  const chains: Chain[] = [];
  /** Steps that only follow in a chain that is known. */
  const inside = new Set<number>();
  for (const index of reached) {
    if (inside.has(index)) continue;
    const chain = chainFrom(program, index);
    if (chain === undefined) continue;
    chains.push(chain);
    for (const step of chain.steps) {
      if ((arrivals.get(step) ?? 0) > 1) break;
      inside.add(step);
    }
    if (chains.length === MAX_CHAINS) break;
  }
  return chains;
}

function best(program: Program, chains: readonly Chain[]): RequiredLiterals | undefined {
  let found: { readonly literals: RequiredLiterals; readonly score: number } | undefined;
  const longest = [...chains].sort((a, b) => b.length - a.length).slice(0, MAX_COMPARED);
  for (const chain of longest) {
    const literals = literalsOf(program, [chain]);
    const nearness = literals.before === 0 ? 2 : literals.before <= NEAR ? 1 : 0;
    const score = nearness * 100 + chain.length;
    if (found === undefined || score > found.score) found = { literals, score };
  }
  return found?.literals;
}

/** Drops what isn't needed, shortest words first. */
function smallestSet(program: Program, chains: readonly Chain[]): readonly Chain[] | undefined {
  const barring = (set: readonly Chain[]) => {
    const indices = new Set(set.map(({ index }) => index));
    return (index: number) => indices.has(index);
  };
  if (chains.length === 0 || canMatch(program, barring(chains))) return undefined;
  let set = [...chains].sort((a, b) => a.length - b.length);
  for (const chain of [...set]) {
    const without = set.filter((each) => each !== chain);
    if (!canMatch(program, barring(without))) set = without;
  }
  return set.reduce((sum, { words }) => sum + words.length, 0) > MAX_KEYWORDS ? undefined : set;
}

function literalsOf(program: Program, chains: readonly Chain[]): RequiredLiterals {
  const indices = new Set(chains.map(({ index }) => index));
  return {
    keywords: [...new Set(chains.flatMap(({ words }) => words))],
    before: longestTo(
      program,
      (_, index) => indices.has(index),
      () => false,
    ),
  };
}

/** The word that must follow once this step is taken. */
function chainFrom({ steps }: Program, first: number): Chain | undefined {
  let words = [''];
  let length = 0;
  const seen = new Set<number>();
  for (let index: number | undefined = first; index !== undefined && !seen.has(index); ) {
    seen.add(index);
    const step = steps[index] as Step;
    if (step.reads !== undefined) {
      const keys = keysOf(step.reads, MAX_VARIANTS / words.length);
      if (keys === undefined || length === MAX_LITERAL) break;
      words = words.flatMap((word) => keys.map((key) => word + key));
      length++;
    } else if (index === first) return undefined;
    index = step.next.length === 1 ? step.next[0] : undefined;
  }
  return length < MIN_LITERAL ? undefined : { index: first, words, length, steps: [...seen].slice(1) };
}

/** The characters that a step reads, as case keys, if they are few and plain. */
function keysOf(ranges: readonly number[], most: number): readonly string[] | undefined {
  const keys = new Set<number>();
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i] as number;
    const last = ranges[i + 1] as number;
    if (last - first >= 2 * MAX_VARIANTS || last > 0xffff) return undefined;
    for (let point = first; point <= last; point++) keys.add(caseKey(point));
  }
  if (keys.size === 0 || keys.size > most) return undefined;
  return [...keys].map((key) => String.fromCharCode(key));
}
