/** Text that a rule's pattern matches, made from the pattern itself. */
import { type PatternNode, parsePattern, type Sequence } from '../../agent/src/guard/engine/pattern.ts';
import type { Rule } from '../../agent/src/guard/engine/rule.ts';
import type { Random } from './random-text.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const membersOf = new Map<string, readonly string[]>();

/** A random match of the pattern, with the characters that have to stand before its keyword. */
export function sampleOf(rule: Rule, random: Random): string {
  const body = sampleAlternatives(parsePattern(rule.pattern).root, random);
  if (rule.lead === undefined) return body;
  let lead = '';
  while (lead.length < rule.lead.length) lead += random.pick(members(rule.lead.set));
  return lead + body;
}

const sampleAlternatives = (alternatives: readonly Sequence[], random: Random): string =>
  random
    .pick(alternatives)
    .map((node) => sampleNode(node, random))
    .join('');

function sampleNode(node: PatternNode, random: Random): string {
  switch (node.type) {
    case 'unit':
      return random.pick(members(node.source));
    case 'lookbehind':
    case 'lookahead':
      return '';
    case 'group':
      return sampleAlternatives(node.alternatives, random);
    case 'repeat': {
      // Long enough to be random, short enough to be quick: around the lower bound.
      const count = node.min + random.below(Math.min(node.max - node.min, 6) + 1);
      return Array.from({ length: count }, () => sampleNode(node.node, random)).join('');
    }
  }
}

function members(source: string): readonly string[] {
  let known = membersOf.get(source);
  if (known === undefined) {
    const matcher = new RegExp(`^${source}$`);
    known = PRINTABLE.filter((character) => matcher.test(character));
    // Blanks and separators only where nothing else fits: they end the words that samples are made of.
    const visible = known.filter((character) => /[A-Za-z0-9_-]/.test(character));
    known = visible.length > 0 ? visible : known;
    membersOf.set(source, known);
  }
  return known;
}
