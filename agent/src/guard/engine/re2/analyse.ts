/** What can be said of an expression without running it: how it begins, how long it gets, how often it may have to turn back. */
import { type CodeUnits, intersects, soleCharacter, union } from './code-units.ts';
import type { Node, Sequence } from './parse.ts';

/** Longest text that can match, in code units; Infinity if open-ended. */
export const longest = (alternatives: readonly Sequence[]): number =>
  Math.max(...alternatives.map((sequence) => sequence.reduce((sum, node) => sum + longestNode(node), 0)));

function longestNode(node: Node): number {
  if (node.type === 'set') return 1;
  if (node.type === 'group') return longest(node.alternatives);
  if (node.type === 'assert') return 0;
  const inner = longestNode(node.node);
  return inner === 0 ? 0 : inner * node.max;
}

const MAX_PREFIXES = 64;
const MAX_PREFIX_LENGTH = 24;

/**
 * Lower-case texts one of which starts every match, whatever its case; undefined if there is no such set. `\b` and
 * other assertions before them don't count.
 */
export function literalPrefixes(alternatives: readonly Sequence[]): readonly string[] | undefined {
  const found = prefixesOf(alternatives);
  if (found === undefined || found.texts.length > MAX_PREFIXES || found.texts.includes('')) return undefined;
  return [...new Set(found.texts)];
}

/** `isWhole`: nothing but these texts was read, so that what follows may be appended. */
interface Prefixes {
  readonly texts: readonly string[];
  readonly isWhole: boolean;
}

function prefixesOf(alternatives: readonly Sequence[]): Prefixes | undefined {
  const parts = alternatives.map(prefixesOfSequence);
  if (parts.some((part) => part === undefined)) return undefined;
  const known = parts as Prefixes[];
  const texts = known.flatMap((part) => part.texts);
  return { texts, isWhole: known.every((part) => part.isWhole) };
}

function prefixesOfSequence(sequence: Sequence): Prefixes | undefined {
  let texts: readonly string[] = [''];
  for (const node of sequence) {
    const next = prefixesOfNode(node);
    if (next === undefined) return { texts, isWhole: false };
    const joined = texts.flatMap((head) => next.texts.map((tail) => head + tail));
    if (joined.length > MAX_PREFIXES) return { texts, isWhole: false };
    texts = joined.map((text) => text.slice(0, MAX_PREFIX_LENGTH));
    if (!next.isWhole || joined.some((text) => text.length > MAX_PREFIX_LENGTH))
      return { texts, isWhole: false };
  }
  return { texts, isWhole: true };
}

function prefixesOfNode(node: Node): Prefixes | undefined {
  switch (node.type) {
    case 'assert':
      return { texts: [''], isWhole: true };
    case 'set': {
      const character = soleCharacter(node.set);
      return character === undefined ? undefined : { texts: [character], isWhole: true };
    }
    case 'group':
      return prefixesOf(node.alternatives);
    case 'repeat': {
      if (node.min === 0) return undefined;
      const inner = prefixesOfNode(node.node);
      return inner && { texts: inner.texts, isWhole: inner.isWhole && node.min === 1 && node.max === 1 };
    }
  }
}

/**
 * An upper bound for the ways in which a backtracking engine may have to try a given text from one position on. A
 * repetition whose set can't begin what follows it has one way to end.
 */
export function backtracks(alternatives: readonly Sequence[], after: CodeUnits = []): number {
  return alternatives.reduce((sum, sequence, i) => {
    const isExclusive = alternatives.every(
      (other, j) => i === j || !intersects(firstOf(sequence, after), firstOf(other, after)),
    );
    const ways = waysThrough(sequence, after);
    return isExclusive ? Math.max(sum, ways) : sum + ways;
  }, 0);
}

function waysThrough(sequence: Sequence, after: CodeUnits): number {
  let ways = 1;
  let rest = after;
  for (const node of sequence.toReversed()) {
    ways *= waysThroughNode(node, rest);
    rest = firstOfNode(node, rest);
  }
  return ways;
}

function waysThroughNode(node: Node, after: CodeUnits): number {
  if (node.type === 'group') return backtracks(node.alternatives, after);
  if (node.type !== 'repeat') return 1;
  const again = union([firstOfNode(node.node, after), after]);
  const inner = waysThroughNode(node.node, again);
  const isFree = intersects(firstOfNode(node.node, []), after);
  const choices = isFree ? node.max - node.min + 1 : 1;
  return inner === 1 ? choices : choices * inner ** Math.min(node.max, 64);
}

/** What a match may begin with, `after` included where it may be empty. */
function firstOf(sequence: Sequence, after: CodeUnits): CodeUnits {
  return sequence.reduceRight<CodeUnits>((rest, node) => firstOfNode(node, rest), after);
}

function firstOfNode(node: Node, after: CodeUnits): CodeUnits {
  switch (node.type) {
    case 'set':
      return node.set;
    case 'assert':
      return after;
    case 'group':
      return union(node.alternatives.map((sequence) => firstOf(sequence, after)));
    case 'repeat': {
      const inner = firstOfNode(node.node, after);
      return node.min === 0 ? union([inner, after]) : inner;
    }
  }
}

/**
 * Without a lazy, optional run at the very beginning (`[\w.-]{0,50}?`): with or without it the same text matches, only
 * the match begins earlier. `dropped` is the set of such a run.
 */
export function dropLeadingRun(alternatives: readonly Sequence[]): {
  readonly rest: readonly Sequence[];
  readonly dropped: CodeUnits | undefined;
} {
  let dropped: CodeUnits | undefined;
  const rest = alternatives.map((sequence): Sequence => {
    const [first, ...others] = sequence;
    if (first?.type === 'repeat' && first.lazy && first.min === 0 && first.node.type === 'set') {
      dropped = first.node.set;
      return dropLeadingRun([others]).rest[0] as Sequence;
    }
    if (first?.type !== 'group' || first.capture !== undefined) return sequence;
    const inner = dropLeadingRun(first.alternatives);
    dropped = inner.dropped ?? dropped;
    return [{ ...first, alternatives: inner.rest }, ...others];
  });
  return { rest, dropped };
}
