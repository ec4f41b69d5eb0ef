/** Whether a team's own words and expressions are found where they are meant, and nowhere else. */
import type { Detector } from '../../../agent/src/core/finding.ts';
import { nearTo } from '../../../agent/src/guard/combine.ts';
import { createKeywordDetector } from '../../../agent/src/guard/keyword/detector.ts';
import { compileDictionary } from '../../../agent/src/guard/keyword/dictionary.ts';
import { compileExpression } from '../../../agent/src/guard/pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from '../../../agent/src/guard/pattern/detector.ts';
import { createRandom, ofShape, type Random } from '../../kit/random-text.ts';
import type { Labelled } from './harness.ts';
import { printScores } from './section.ts';

const KIND = { kind: 'it', label: 'it', severity: 'high', confidence: 'high' } as const;
const ROUNDS = 50;
/** A place that is to be found is written between these. */
const [OPEN, CLOSE] = ['«', '»'];

const termsOf = (terms: readonly string[], folding: 'case' | 'case-and-accents' | 'none' = 'case') =>
  createKeywordDetector('it', compileDictionary(terms, folding), KIND);

/** `…«falcon»…` is a text in which falcon must be found; one without marks must show nothing. */
function labelledBy(category: string, marked: string): Labelled {
  const expected: { start: number; end: number }[] = [];
  let text = '';
  for (const piece of marked.split(OPEN)) {
    const [word = '', ...rest] = piece.split(CLOSE);
    if (rest.length > 0) expected.push({ start: text.length, end: text.length + word.length });
    text += word + rest.join('');
  }
  return { text, expected, category };
}

const name = (random: Random): string => {
  const word = () => ofShape('{l6}', random).replaceAll(/\d/g, 'o');
  return `${word()} ${word()}`;
};
const capitals = (text: string): string => text.replaceAll(/\b\w/g, (letter) => letter.toUpperCase());

/** Each with a name of its own: `T` stands for the term. */
const TERM_TEXTS: readonly (readonly [category: string, text: (term: string) => string])[] = [
  ['as it is', (term) => `We met «${term}» today.`],
  ['another case', (term) => `«${term.toUpperCase()}», «${capitals(term)}»`],
  ['at both ends', (term) => `«${term}»\n«${term}»`],
  ['between signs', (term) => `("«${term}»"), name=«${term}»; /«${term}»/`],
  ['other white space', (term) => `to «${term.replace(' ', '\n  ')}» and «${term.replace(' ', '\u00a0')}»`],
  ['within a word', (term) => `x${term} ${term}s ${term}2`],
  ['with a word between', (term) => term.replace(' ', ' of ')],
  ['its halves', (term) => term.split(' ').toReversed().join(' ')],
];

function dictionaryLabelled(terms: readonly string[]): Labelled[] {
  return TERM_TEXTS.flatMap(([category, text]) =>
    terms.slice(0, ROUNDS).map((term) => labelledBy(category, text(term))),
  );
}

const FOLDING: readonly Labelled[] = [
  labelledBy('sharp s, Greek, Cyrillic', '«STRASSE» «straße» «ΟΔΟΣ» «οδος» «МОСКВА»'),
  labelledBy('composed or not', '«café» «cafe\u0301» «CAFÉ»'),
  labelledBy('signs in a term', '«AT&T» and «at&t», not AT or T'),
  labelledBy('no spaces between words', '昨日«東京電力»に'),
];
const ACCENTS = [labelledBy('accents left out', '«cafe» «café» «Müller» «muller»')];
const EXACT = [labelledBy('exact case', '«Falcon» falcon FALCON')];
const OVERLAPS = [
  labelledBy('the longest of several', '«blue heron lake» and «blue heron» or «heron lake»'),
  labelledBy('the longest of several', '«blue heron» lakes are none, heron lakes neither'),
];

const NEAR: readonly Labelled[] = [
  labelledBy('context before', 'customer «falcon»'),
  labelledBy('context after', '«falcon» is our customer'),
  labelledBy('at the limit', `customer${'-'.repeat(20)}«falcon»`),
  labelledBy('beyond the limit', `customer${'-'.repeat(21)}falcon`),
  labelledBy('no context', 'a falcon flew by'),
  labelledBy('context that is no word', 'customers falcon'),
];

const EXPRESSIONS = [
  '\\bproject-(?:falcon|osprey)\\b',
  '(?i)ticket[ -]\\d{4,6}\\b',
  '\\b\\d{3}-\\d{2}-\\d{4}\\b',
];
const PATTERN_TEXTS: readonly Labelled[] = [
  labelledBy('fixed words', 'see «project-falcon», not project-falcons or subproject-falcon'),
  labelledBy('alternatives', '«project-osprey» «project-falcon» project-eagle'),
  labelledBy('any case', '«Ticket 12345» «TICKET-1234» «ticket 123456»; ticket 123, ticket 1234567'),
  labelledBy('without fixed words', 'id «123-45-6789» but 1123-45-6789, 123-45-67890, 123-456-789'),
  labelledBy('side by side', '«project-falcon» «ticket 1234» «123-45-6789» «123-45-6789»'),
];

function patternsOf(sources: readonly string[]): Detector {
  const expressions = sources.map((source) => {
    const compiled = compileExpression(source);
    if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
    return { ...KIND, expression: compiled.expression };
  });
  return createPatternDetector('it', compilePatternSet(expressions));
}

export function benchWords(): void {
  const random = createRandom(31);
  const terms = Array.from({ length: 20_000 }, () => name(random));
  printScores('Keywords: a dictionary of 20,000 names', termsOf(terms), dictionaryLabelled(terms));
  const folded = termsOf(['straße', 'οδός', 'москва', 'café', 'AT&T', '東京電力', 'οδοσ']);
  printScores('Keywords: folding', folded, FOLDING);
  printScores('Keywords: accents folded too', termsOf(['café', 'Müller'], 'case-and-accents'), ACCENTS);
  printScores('Keywords: no folding', termsOf(['Falcon'], 'none'), EXACT);
  printScores('Keywords: overlaps', termsOf(['blue heron', 'heron lake', 'blue heron lake']), OVERLAPS);
  printScores(
    'Keywords: within 20 characters of "customer"',
    nearTo(termsOf(['falcon']), termsOf(['customer']), 20),
    NEAR,
  );
  printScores('Patterns', patternsOf(EXPRESSIONS), PATTERN_TEXTS);
}

if (import.meta.main) benchWords();
