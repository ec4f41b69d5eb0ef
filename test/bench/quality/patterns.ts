/**
 * What a team's own words and expressions cost: a dictionary of 100,000 names, sets of expressions with and without
 * fixed words, and texts made to be slow. CPU time, so that a busy machine matters less.
 */
import type { Detector } from '../../../agent/src/core/finding.ts';
import { nearTo } from '../../../agent/src/guard/combine.ts';
import { createKeywordDetector } from '../../../agent/src/guard/keyword/detector.ts';
import { compileDictionary, faultOfTerm } from '../../../agent/src/guard/keyword/dictionary.ts';
import { compileExpression } from '../../../agent/src/guard/pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from '../../../agent/src/guard/pattern/detector.ts';
import { createRandom, type Random } from '../../kit/random-text.ts';
import { type CorpusName, corpusOf } from './corpus.ts';

const KIND = { kind: 'it', label: 'it', severity: 'high', confidence: 'high' } as const;
const KB = 1024;

export function benchPatterns(): void {
  const random = createRandom(7);
  const terms = Array.from({ length: 100_000 }, () => companyName(random));
  const prose = textOf('readmes');
  const code = textOf('sources');

  console.log('\n### Keywords and patterns\n\n| dictionary of 100,000 names | |\n|---|---|');
  const heapBefore = heapMB();
  const checkMs = cpuMs(() => {
    for (const term of terms) faultOfTerm(term);
  });
  let dictionary = compileDictionary(terms.slice(0, 10), 'case');
  const compileMs = cpuMs(() => {
    dictionary = compileDictionary(terms, 'case');
  });
  console.log(`| checking the terms, ms | ${checkMs.toFixed(0)} |`);
  console.log(`| compiling, ms | ${compileMs.toFixed(0)} |`);
  console.log(`| automaton, MB | ${(dictionary.automaton.bytes / 1e6).toFixed(1)} |`);
  console.log(`| process memory gained, MB | ${(heapMB() - heapBefore).toFixed(1)} |`);

  const names = createKeywordDetector('names', dictionary, KIND);
  const context = createKeywordDetector('context', compileDictionary(['customer', 'invoice'], 'case'), KIND);
  console.log('\n| CPU ms | 8 KB | 100 KB | 1 MB | µs per delta |\n|---|---|---|---|---|');
  printSpeed('100,000 names, prose', names, prose);
  printSpeed('100,000 names, code', names, code);
  printSpeed('the same, near "customer"', nearTo(names, context, 50), prose);
  printSpeed('1 expression', patterns(['\\bproject-(falcon|osprey)\\b']), prose);
  const many = Array.from(
    { length: 500 },
    (_, i) => `\\b${companyName(random).toLowerCase()}-(falcon|osprey)${i}\\b`,
  );
  printSpeed('500 expressions', patterns(many), prose);
  printSpeed('1 without a fixed word, few characters', patterns(['\\b\\d{3}-\\d{2}-\\d{4}\\b']), prose);
  printSpeed('1 without a fixed word, any characters', patterns(['(?:\\w+ ){3}\\d{9}']), prose);
  printSpeed(
    '20 without a fixed word, few characters',
    patterns(Array.from({ length: 20 }, (_, i) => `\\b\\d{3}-\\d{2}-\\d{${i + 4}}\\b`)),
    prose,
  );

  console.log('\n| hostile 100 KB | CPU ms |\n|---|---|');
  const hostile: readonly (readonly [string, Detector, string])[] = [
    ['names one after another', names, terms.join(' ')],
    ['the beginning of a long term, over and over', keyword(`${'a '.repeat(31)}b`), 'a '],
    ['accents apart', names, 'e\u0301'],
    ['(?:x+x+)+falcon', patterns(['(?:x+x+)+falcon']), 'x'],
    ['^(a+)+falcon$', patterns(['^(a+)+falcon$']), 'a'],
    ['falcon(?:.*osprey)*!', patterns(['falcon(?:.*osprey)*!']), 'falcon osprey '],
    ['falcon.{0,500}.{0,500}osprey', patterns(['falcon.{0,500}.{0,480}osprey']), 'falcon ospre '],
    ['(?:falcon.{0,30}){1,24}x{3}', patterns(['(?:falcon.{0,30}){1,24}x{3}']), 'falcon ab xx '],
    ['(?i)\\pL+\\pN+falcon', patterns(['(?i)\\pL+\\pN+falcon']), 'éé11falcon'],
    [
      '500 expressions, the words of all in turn',
      patterns(many),
      many.map((source) => source.slice(2, 16)).join(' '),
    ],
    [
      '100 expressions with ".{0,300}", the words of all in turn',
      patterns(Array.from({ length: 100 }, (_, i) => `w${i}q.{0,300}zz\\d`)),
      `${Array.from({ length: 100 }, (_, i) => `w${i}q`).join(' ')} zz zza `,
    ],
  ];
  for (const [title, detector, piece] of hostile) {
    const text = piece.repeat(Math.ceil((100 * KB) / piece.length)).slice(0, 100 * KB);
    console.log(`| ${title.replaceAll('|', '\\|')} | ${cpuMs(() => scan(detector, text)).toFixed(0)} |`);
  }
}

const SYLLABLES =
  'ba be bo da de do ka ki ko la le lo ma mi mo na ne no ra ri ro sa se so ta te to va vi vo'.split(' ');

function companyName(random: Random): string {
  const word = () => Array.from({ length: 2 + random.below(3) }, () => random.pick(SYLLABLES)).join('');
  const form = random.pick(['', '', ' GmbH', ' Inc', ' AS', ' Ltd']);
  return `${word()} ${word()}${form}`;
}

const keyword = (term: string) => createKeywordDetector('it', compileDictionary([term], 'case'), KIND);

function patterns(sources: readonly string[]): Detector {
  const expressions = sources.map((source) => {
    const compiled = compileExpression(source);
    if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
    return { ...KIND, expression: compiled.expression };
  });
  return createPatternDetector('it', compilePatternSet(expressions));
}

/** Too many matches are an answer too. */
function scan(detector: Detector, text: string): void {
  try {
    detector.scan(text);
  } catch (error) {
    if ((error as Error).name !== 'GuardError') throw error;
  }
}

function printSpeed(title: string, detector: Detector, text: string): void {
  const times = [8, 100, 1024].map((size) => {
    const rounds = size > 500 ? 5 : 20;
    const part = text.slice(0, size * KB);
    scan(detector, part);
    return (
      cpuMs(() => {
        for (let i = 0; i < rounds; i++) scan(detector, part);
      }) / rounds
    );
  });
  const deltas = text.slice(0, 100_000).match(/\s?\w+|\W/g) ?? [];
  const stream = detector.openStream();
  const perDelta =
    (cpuMs(() => {
      for (const delta of deltas) stream.push(delta);
    }) *
      1000) /
    deltas.length;
  console.log(`| ${title} | ${[...times, perDelta].map((value) => value.toFixed(2)).join(' | ')} |`);
}

function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function heapMB(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

function textOf(corpus: CorpusName): string {
  const texts: string[] = [];
  let characters = 0;
  for (const { text } of corpusOf(corpus)) {
    if (characters > 1_100_000) break;
    characters += text.length;
    texts.push(text);
  }
  // One flat string, as a parser would give it.
  return Buffer.from(texts.join('')).toString();
}

if (import.meta.main) benchPatterns();
