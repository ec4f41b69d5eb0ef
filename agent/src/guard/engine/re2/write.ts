/** Writes a read expression again: for RE2, as "could more text change this?", or in the subset of our own engine. */
import { ANY, type CodeUnits, NEWLINE, toRe2, toScript, WORD } from './code-units.ts';
import type { Node, Sequence } from './parse.ts';

/** RE2 refuses to repeat more often. */
const RE2_MAX_REPEAT = 1000;

/** As an RE2 expression with the same capturing groups. */
export const writeRe2 = (alternatives: readonly Sequence[]): string =>
  alternatives.map((sequence) => sequence.map((node) => re2Node(node, true)).join('')).join('|');

function re2Node(node: Node, capturing: boolean): string {
  switch (node.type) {
    case 'set':
      return node.set.length === 0 ? '[^\\x{0}-\\x{10ffff}]' : toRe2(node.set);
    case 'assert':
      return RE2_ASSERTS[node.kind];
    case 'group': {
      const open = capturing && node.capture !== undefined ? '(' : '(?:';
      const inside = node.alternatives.map((part) => part.map((one) => re2Node(one, capturing)).join(''));
      return `${open}${inside.join('|')})`;
    }
    case 'repeat': {
      const bounds = node.max === Number.POSITIVE_INFINITY ? `{${node.min},}` : `{${node.min},${node.max}}`;
      return `(?:${re2Node(node.node, capturing)})${bounds}${node.lazy ? '?' : ''}`;
    }
  }
}

const RE2_ASSERTS = {
  word: '\\b',
  'not-word': '\\B',
  start: '\\A',
  end: '\\z',
  'line-start': '(?m:^)',
  'line-end': '(?m:$)',
} as const;

/** RE2 expression that matches exactly if some way through the expression runs into the end of the text; undefined: none does. */
export function writeUndecided(alternatives: readonly Sequence[]): string | undefined {
  const parts = alternatives.map(undecidedSequence).filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `(?:${parts.join('|')})`;
}

function undecidedSequence(sequence: Sequence): string | undefined {
  let rest: string | undefined;
  for (const node of sequence.toReversed()) {
    const inside = undecidedNode(node);
    const after = rest === undefined ? undefined : re2Node(node, false) + rest;
    rest = inside === undefined ? after : after === undefined ? inside : `(?:${inside}|${after})`;
  }
  return rest;
}

function undecidedNode(node: Node): string | undefined {
  switch (node.type) {
    case 'set':
      return '\\z';
    case 'assert':
      return node.kind === 'start' || node.kind === 'line-start' ? undefined : '\\z';
    case 'group':
      return writeUndecided(node.alternatives);
    case 'repeat': {
      const inside = undecidedNode(node.node);
      if (inside === undefined || node.max === 0) return undefined;
      if (node.max === 1) return inside;
      const times = node.max > RE2_MAX_REPEAT ? '*' : `{0,${node.max - 1}}`;
      return `(?:${re2Node(node.node, false)})${times}${inside}`;
    }
  }
}

const LETTER = toScript(WORD);
const END = `(?!${toScript(ANY)})`;
const SCRIPT_ASSERTS = {
  word: `(?:(?<!${LETTER})(?=${LETTER})|(?<=${LETTER})(?!${LETTER}))`,
  'not-word': `(?:(?<!${LETTER})(?!${LETTER})|(?<=${LETTER})(?=${LETTER}))`,
  start: '^',
  end: END,
  'line-start': `(?<=^|${toScript(NEWLINE)})`,
  'line-end': `(?:(?=${toScript(NEWLINE)})|${END})`,
} as const;

/** What an open-ended repetition is cut to in our own engine, which wants bounds. */
const OPEN_REPEAT = 2000;

/** In our own subset, capturing `group` alone (undefined: every group); undefined if that can't say it. */
export function writePattern(
  alternatives: readonly Sequence[],
  group: number | undefined,
): string | undefined {
  const parts = alternatives.map((sequence) => {
    const nodes = sequence.map((node) => patternNode(node, group));
    return nodes.includes(undefined) ? undefined : nodes.join('');
  });
  return parts.includes(undefined) ? undefined : parts.join('|');
}

function patternNode(node: Node, group: number | undefined): string | undefined {
  switch (node.type) {
    case 'set':
      return isPlain(node.set) ? toScript(node.set) : undefined;
    case 'assert':
      return SCRIPT_ASSERTS[node.kind];
    case 'group': {
      const inside = writePattern(node.alternatives, group);
      if (inside === undefined) return undefined;
      return node.capture !== undefined && (group === undefined || group === node.capture)
        ? `(${inside})`
        : `(?:${inside})`;
    }
    case 'repeat': {
      const isOpen = node.max === Number.POSITIVE_INFINITY;
      const inside = patternNode(node.node, group);
      if (inside === undefined || (isOpen && node.node.type !== 'set')) return undefined;
      // JavaScript refuses a round that reads nothing and tries others instead; RE2 takes it.
      if (mayBeEmpty(node.node)) return undefined;
      const max = isOpen ? Math.max(node.min, OPEN_REPEAT) : node.max;
      // A capture inside a repetition keeps the last round in both engines.
      return `(?:${inside}){${node.min},${max}}${node.lazy ? '?' : ''}`;
    }
  }
}

function mayBeEmpty(node: Node): boolean {
  if (node.type === 'set') return false;
  if (node.type === 'assert') return true;
  if (node.type === 'repeat') return node.min === 0 || mayBeEmpty(node.node);
  return node.alternatives.some((sequence) => sequence.every(mayBeEmpty));
}

/** A set without members matches nothing; the subset has no way to write that. */
const isPlain = (set: CodeUnits): boolean => set.length > 0;
