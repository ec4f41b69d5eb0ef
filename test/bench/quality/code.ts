/**
 * How well source code is told from prose: pieces of 40 lines from the sources that are on the machine, READMEs with
 * their code blocks taken out, and other documentation.
 */
import { createCodeDetector } from '../../../agent/src/guard/code/detector.ts';
import { LANGUAGE_NAMES, type Language, languageNamed } from '../../../agent/src/guard/code/languages.ts';
import { createMarkingDetector } from '../../../agent/src/guard/code/markings.ts';
import { type CorpusName, corpusOf } from './corpus.ts';
import { findingsPerMegabyte, speedOf } from './harness.ts';

const MEGABYTES = 12;
const LINES = 40;
const LEAST_CHARACTERS = 400;
const FENCED = /^\s{0,3}(```|~~~)[\s\S]*?^\s{0,3}\1.*$/gm;
/** Written by programs, or types only. */
const GENERATED = /\.min\.|\.d\.[cm]?ts$|\.json$/;
/** Examples, configuration and web pages are code. */
const NOT_PROSE = /example|\.(?:pl|sh|py|js|css|html?|ya?ml|json|conf)(?:\.|$)/;

/** Languages that can't be told apart where no type is written. */
const FAMILY: Partial<Record<Language, Language>> = { typescript: 'javascript', 'c++': 'c' };
const familyOf = (language: Language): Language => FAMILY[language] ?? language;

const detector = createCodeDetector('code', { minShare: 0.5, minCharacters: 200, languages: undefined });

export function benchCode(): void {
  console.log(
    '\n### Code\n\n| sources | pieces of 40 lines | told as code | and the language | whole files |',
  );
  console.log('|---|---|---|---|---|');
  for (const corpus of ['sources', 'python', 'go'] as const) printRecall(corpus);
  console.log('\n| prose | MB | texts | taken for code |\n|---|---|---|---|');
  for (const corpus of ['readmes', 'system docs'] as const) printFalseAlarms(corpus);
  const markings = createMarkingDetector('code', { markings: [], owners: [], licences: ['*'] });
  console.log('\n| notices | MB | per MB | most often |\n|---|---|---|---|');
  for (const corpus of ['sources', 'readmes', 'python', 'go', 'system docs'] as const) {
    const { megabytes, perMegabyte, kinds } = findingsPerMegabyte(markings, corpusOf(corpus, MEGABYTES));
    const most = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
    console.log(`| ${corpus} | ${megabytes.toFixed(1)} | ${perMegabyte.all.toFixed(2)} | ${most} |`);
  }
  const { ms8KB, ms100KB, ms1MB, usPerDelta } = speedOf(detector, textOf('sources'));
  console.log('\n| code: 8 KB ms | 100 KB ms | 1 MB ms | µs per delta |\n|---|---|---|---|');
  console.log(`| ${[ms8KB, ms100KB, ms1MB, usPerDelta].map((value) => value.toFixed(2)).join(' | ')} |`);
}

function printRecall(corpus: CorpusName): void {
  let pieces = 0;
  let told = 0;
  let right = 0;
  let files = 0;
  let filesTold = 0;
  for (const { path, text } of corpusOf(corpus, MEGABYTES)) {
    const language = languageNamed(path.split('.').at(-1) ?? '');
    if (language === undefined || GENERATED.test(path)) continue;
    if (text.length >= LEAST_CHARACTERS) {
      files++;
      if (detector.scan(text).length > 0) filesTold++;
    }
    const lines = text.split('\n');
    for (let i = 0; i + LINES <= lines.length && i < 10 * LINES; i += LINES) {
      const piece = lines.slice(i, i + LINES).join('\n');
      if (piece.length < LEAST_CHARACTERS) continue;
      pieces++;
      const [match] = detector.scan(piece);
      if (match === undefined) continue;
      told++;
      if (familyOf(languageIn(match.label)) === familyOf(language)) right++;
    }
  }
  if (pieces === 0) return;
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    `| ${corpus} | ${pieces} | ${percent(told, pieces)} | ${percent(right, told)} | ${percent(filesTold, files)} of ${files} |`,
  );
}

function languageIn(label: string): Language {
  const entry = Object.entries(LANGUAGE_NAMES).find(([, name]) => label === `${name} code block`);
  return (entry?.[0] ?? 'c') as Language;
}

function printFalseAlarms(corpus: CorpusName): void {
  let characters = 0;
  let texts = 0;
  let wrong = 0;
  for (const { path, text } of corpusOf(corpus, MEGABYTES)) {
    if (NOT_PROSE.test(path)) continue;
    const prose = text.replace(FENCED, '');
    characters += prose.length;
    texts++;
    if (detector.scan(prose).length > 0) wrong++;
  }
  if (texts > 0) console.log(`| ${corpus} | ${(characters / 1e6).toFixed(1)} | ${texts} | ${wrong} |`);
}

function textOf(corpus: CorpusName): string {
  let text = '';
  for (const source of corpusOf(corpus)) {
    if (text.length > 1_100_000) break;
    text += source.text;
  }
  return text;
}

if (import.meta.main) benchCode();
