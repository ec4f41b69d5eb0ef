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
    specificity: 0,
    judge: () => confidence,
  };
}

/** A sequence of phrases is matched in any case and over line breaks; sets in brackets keep their blanks. */
function patternOf({ starts, rest, isExact = false }: Phrase): string {
  const isLatin = starts.every((start) => start.charCodeAt(0) < 0x250);
  const head = starts.map((start) => start.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|');
  const spaced = `(?:${head})${rest.replace(/\[(?:\\.|[^\]\\])*\]|[ ]/g, (part) => (part === ' ' ? BLANK : part))}`;
  return `${isLatin && /^[A-Za-z]/.test(starts[0] ?? '') ? LEFT : ''}${isExact ? spaced : `(?i:${spaced})`}`;
}
