import type { Rule } from '../engine/rule.ts';
import { families } from './families.ts';
import type { Family, Origin, Phrase } from './family.ts';

/** Before a phrase: not inside a word of Latin letters; an escaped line break (`\n` of JSON in JSON) ends a word too. */
const LEFT = '(?<=^|[^A-Za-z0-9_]|\\\\[nrt])';
const BLANK = '[\\s*_]{1,3}';

/** What is looked for in text of this origin, as rules of the keyword engine. */
export function injectionRules(origin: Origin): Rule[] {
  return families.flatMap((family) =>
    family.phrases.flatMap((phrase) => ruleOf(family, phrase, origin) ?? []),
  );
}

function ruleOf(family: Family, phrase: Phrase, origin: Origin): Rule | undefined {
  const confidence = family.confidence[origin];
  if (confidence === undefined) return undefined;
  return {
    id: family.kind,
    label: family.label,
    severity: family.severity,
    confidence,
    source: family.source,
    keywords: phrase.starts,
    pattern: patternOf(phrase),
    ...(endsWithStart(phrase) && { opensAnywhere: true as const }),
    specificity: 0,
    judge: () => confidence,
  };
}

/**
 * Phrases are found in any case and over line breaks; a match covers what follows the first words, so that a stream needn't
 * hold back every word that begins like one of them. Control tokens are covered whole.
 */
function patternOf({ starts, rest, isExact = false }: Phrase): string {
  const left = /^[A-Za-z]/.test(starts[0] ?? '') ? LEFT : '';
  const head = starts.map((start) => start.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|');
  if (isExact) return `${left}(?:${head})${withBlanks(rest)}`;
  const blank = rest.startsWith(' ') ? BLANK : '';
  const tail = withBlanks(blank === '' ? rest : rest.slice(1));
  if (endsWithStart({ starts, rest })) return `${left}(?i:${head})${blank}${tail}`;
  return `${left}(?i:${head})${blank}((?i:${tail}))`;
}

/** Nothing follows the first words: they are the match. */
const endsWithStart = ({ rest, isExact = false }: Phrase): boolean => !isExact && rest.startsWith('(?!');

/** Sets in brackets keep their blanks. */
const withBlanks = (rest: string): string =>
  rest.replace(/\[(?:\\.|[^\]\\])*\]|[ ]/g, (part) => (part === ' ' ? BLANK : part));
