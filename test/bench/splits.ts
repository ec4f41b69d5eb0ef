/**
 * Cuts texts at random and compares: the verdict of each streaming detector must be the one on the whole text, as it
 * stands and with its escapes undone. `node test/bench/splits.ts [CUTS] [DETECTOR…]`; 100,000 cuts each by default.
 * Ends with 1 at the first difference, and shows it.
 */
import type { Detector, Match } from '../../agent/src/core/finding.ts';
import { SpelledScanner } from '../../agent/src/enforce/spelled-scanner.ts';
import { scanWhole } from '../../agent/src/enforce/whole-text.ts';
import { createCodeDetector } from '../../agent/src/guard/code/detector.ts';
import { createMarkingDetector } from '../../agent/src/guard/code/markings.ts';
import { nearTo } from '../../agent/src/guard/combine.ts';
import { createInjectionDetector } from '../../agent/src/guard/injection/detector.ts';
import { createKeywordDetector } from '../../agent/src/guard/keyword/detector.ts';
import { compileDictionary } from '../../agent/src/guard/keyword/dictionary.ts';
import { compileExpression } from '../../agent/src/guard/pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from '../../agent/src/guard/pattern/detector.ts';
import { createPiiDetector } from '../../agent/src/guard/pii/detector.ts';
import { createSecretsDetector } from '../../agent/src/guard/secrets/build.ts';
import { secretsCatalogue } from '../../agent/src/guard/secrets/catalogue.ts';
import { HARMLESS, INJECTIONS } from '../kit/injection-phrases.ts';
import { sampleOf } from '../kit/pattern-sample.ts';
import { PERSONAL_NUMBERS } from '../kit/personal-numbers.ts';
import { createRandom, cutAtRandom, type Random } from '../kit/random-text.ts';

interface Subject {
  readonly name: string;
  readonly detector: Detector;
  /** A part of a text that matters to it. */
  readonly piece: (random: Random) => string;
}

const KIND = { kind: 'it', label: 'it', severity: 'high', confidence: 'high' } as const;
const CUTS_PER_TEXT = 10;
const PIECES_PER_TEXT = 12;
const BETWEEN = ' |\n|, |. |"|: |=|-|_|/|\\|\\n|\\u0041|\\/|é|😀|e\u0301|東|x|A1|```\n|  |\t'.split('|');

const TERMS = ['acme corp', 'corp falcon', 'a b', 'a b c a', 'strasse', 'café', '東京', 'AT&T'];
const WORDS = [
  'acme',
  'Corp',
  'falcon',
  'Straße',
  'caf',
  'é',
  '東',
  '京',
  'AT&T',
  'a',
  'b',
  'c',
  'customer',
  ' ',
];
const EXPRESSIONS = [
  '\\bproject-(falcon|osprey)\\b',
  '(?i)acme.{0,20}end',
  '\\d{3}-\\d{2}-\\d{4}',
  '(?:aa)+b?cc$',
  '^begin',
];
const EXPRESSION_PIECES = [
  ' project-falcon ',
  ' acme at the end',
  ' 123-45-6789 ',
  'aabcc',
  'project-',
  'falcon',
  'ACME',
  'end',
  '123-',
  '45-',
  '6789',
  'aa',
  'b',
  'cc',
  'begin',
  '\n',
];
const CODE_LINES = [
  'def f(x):\n',
  '    return x.y\n',
  'const a = (b) => c[1];\n',
  'if (a == b) {\n',
  '}\n',
  'import os\n',
  'This is a sentence about the weather.\n',
  '// Copyright (c) 2025 Acme Ltd. All rights reserved.\n',
  ' * CONFIDENTIAL - internal use only\n',
  'SPDX-License-Identifier: MIT\n',
  '```js\n',
  '"""\n',
];

const keyword = (terms: readonly string[]) =>
  createKeywordDetector('keyword', compileDictionary(terms, 'case-and-accents'), KIND);

/** A whole sample, or one that breaks off. */
const partOf = (text: string, random: Random): string =>
  random.below(3) === 0 ? text.slice(0, random.below(text.length + 1)) : text;

function wordOrTerm(random: Random): string {
  return random.below(2) === 0 ? ` ${random.pick(TERMS)} ` : random.pick(WORDS);
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'secrets',
    detector: createSecretsDetector(),
    piece: (random) => sampleOf(random.pick(secretsCatalogue), random),
  },
  {
    name: 'pii',
    detector: createPiiDetector('pii'),
    piece: (random) => {
      const { named, make } = random.pick(PERSONAL_NUMBERS);
      return random.below(2) === 0 ? `${named}: ${make(random)}` : make(random);
    },
  },
  ...(['conversation', 'content'] as const).map((origin) => ({
    name: `injection (${origin})`,
    detector: createInjectionDetector('injection', origin),
    piece: (random: Random) => random.pick([...INJECTIONS.map(({ text }) => text), ...HARMLESS]),
  })),
  { name: 'keyword', detector: keyword(TERMS), piece: wordOrTerm },
  {
    name: 'keyword, near',
    detector: nearTo(keyword(TERMS), keyword(['customer']), 20),
    piece: (random) => (random.below(3) === 0 ? ' customer ' : wordOrTerm(random)),
  },
  { name: 'pattern', detector: patterns(), piece: (random) => random.pick(EXPRESSION_PIECES) },
  {
    name: 'code',
    detector: createCodeDetector('code', { minShare: 0.5, minCharacters: 20, languages: undefined }),
    piece: (random) => Array.from({ length: 3 }, () => random.pick(CODE_LINES)).join(''),
  },
  {
    name: 'code (notices)',
    detector: createMarkingDetector('code', {
      markings: ['CONFIDENTIAL'],
      owners: ['Acme'],
      licences: ['*'],
    }),
    piece: (random) => random.pick(CODE_LINES),
  },
];

function patterns(): Detector {
  const expressions = EXPRESSIONS.map((source) => {
    const compiled = compileExpression(source);
    if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
    return { ...KIND, expression: compiled.expression };
  });
  return createPatternDetector('pattern', compilePatternSet(expressions));
}

function inPieces(detector: Detector, pieces: readonly string[], undoEscapes: boolean): readonly Match[] {
  const scanner = undoEscapes ? new SpelledScanner(() => detector.openStream()) : detector.openStream();
  return [...pieces.flatMap((piece) => [...scanner.push(piece).matches]), ...scanner.end().matches];
}

/** Some characters spelled as JSON may spell them. */
const escaped = (text: string, random: Random): string =>
  text.replace(/[a-zA-Z0-9]/g, (char) =>
    random.below(12) === 0 ? `\\u00${char.charCodeAt(0).toString(16)}` : char,
  );

const inWords = (matches: readonly Match[]): string =>
  matches
    .map(({ kind, start, end }) => `${start}-${end} ${kind}`)
    .sort()
    .join('\n');

const [count = '100000', ...only] = process.argv.slice(2);
console.log(
  '| detector | cuts | of texts with escapes | texts with a finding | differences |\n|---|---|---|---|---|',
);
for (const { name, detector, piece } of SUBJECTS) {
  if (only.length > 0 && !only.some((one) => name.startsWith(one))) continue;
  const random = createRandom(20_261_126);
  let withFinding = 0;
  let withEscapes = 0;
  for (let done = 0; done < Number(count); done += CUTS_PER_TEXT) {
    const parts = Array.from({ length: 1 + random.below(PIECES_PER_TEXT) }, () =>
      random.below(3) === 0 ? random.pick(BETWEEN) : partOf(piece(random), random),
    );
    const undoEscapes = done % (2 * CUTS_PER_TEXT) === 0;
    const text = undoEscapes ? escaped(parts.join(''), random) : parts.join('');
    const whole = inWords(undoEscapes ? scanWhole(detector, text) : detector.scan(text));
    if (whole !== '') withFinding++;
    if (undoEscapes) withEscapes += CUTS_PER_TEXT;
    for (let cut = 0; cut < CUTS_PER_TEXT; cut++) {
      const pieces = cutAtRandom(text, random.pick([1, 3, 20, 200]), random);
      const cutUp = inWords(inPieces(detector, pieces, undoEscapes));
      if (cutUp === whole) continue;
      console.log(`${name}: ${JSON.stringify(pieces)}\nwhole:\n${whole}\nin pieces:\n${cutUp}`);
      process.exit(1);
    }
  }
  console.log(
    `| ${name} | ${count} | ${withEscapes} | ${withFinding} of ${Number(count) / CUTS_PER_TEXT} | 0 |`,
  );
}
