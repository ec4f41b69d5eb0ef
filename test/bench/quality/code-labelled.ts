/** Whether the language of small programs is told: the kit's samples under other names, alone and within a message. */
import { createCodeDetector } from '../../../agent/src/guard/code/detector.ts';
import { BUSINESS_PROSE, CODE_SAMPLES } from '../../kit/code-samples.ts';
import { createRandom, ofShape, type Random } from '../../kit/random-text.ts';

const ROUNDS = 30;
const detector = createCodeDetector('code', { minShare: 0, minCharacters: 60, languages: undefined });

const NO_CODE: readonly (readonly [string, (random: Random) => string])[] = [
  ['prose', () => BUSINESS_PROSE.repeat(3)],
  [
    'JSON',
    (random) => JSON.stringify({ id: ofShape('{h8}', random), tags: ['a', 'b'], n: 1 }, null, 2).repeat(6),
  ],
  [
    'a log',
    (random) => `2024-11-01 12:00:01 INFO [main] started in ${random.below(99)} ms (pid=42)\n`.repeat(9),
  ],
  [
    'a table',
    (random) => `| name | price |\n| --- | --- |\n| ${ofShape('{l6}', random)} | 12.50 |\n`.repeat(6),
  ],
  ['a list', () => '- first item of the list\n- second item (with a remark)\n'.repeat(6)],
];

/** The same program about other things. */
function renamed(code: string, random: Random): string {
  const names = new Map<string, string>();
  const other = (name: string): string => {
    const known = names.get(name.toLowerCase()) ?? ofShape('{l7}', random).replace(/^\d/, 'n');
    names.set(name.toLowerCase(), known);
    return /^[A-Z]/.test(name) ? known.charAt(0).toUpperCase() + known.slice(1) : known;
  };
  return code.replaceAll(/\b(?:items?|baskets?|total|sum|acme|shop|price|result)\b/gi, other);
}

export function benchCodeLabelled(): void {
  const random = createRandom(12);
  const counts = new Map<string, { texts: number; right: number; told: number }>();
  const of = (language: string) => {
    const known = counts.get(language) ?? { texts: 0, right: 0, told: 0 };
    counts.set(language, known);
    return known;
  };
  const languagesIn = (text: string): readonly string[] =>
    detector.scan(text).map(({ label }) => label.replace(/ code block$/, ''));
  for (const [language, code] of CODE_SAMPLES) {
    for (let i = 0; i < ROUNDS; i++) {
      const program = renamed(code, random);
      const text = i % 2 === 0 ? program : `${BUSINESS_PROSE}\n${program}\n${BUSINESS_PROSE}`;
      const told = languagesIn(text);
      of(language).texts++;
      if (told.includes(language)) of(language).right++;
      for (const one of told) of(one).told++;
    }
  }
  const wrong = NO_CODE.map(([name, make]) => {
    const count = Array.from({ length: ROUNDS }, () => languagesIn(make(random))).flat().length;
    return `${name} ${count}`;
  });
  console.log('\n### Code, labelled\n\n| language | texts | recall | precision |\n|---|---|---|---|');
  const rate = (part: number, whole: number) => (whole === 0 ? '–' : (part / whole).toFixed(3));
  for (const [language, { texts, right, told }] of counts)
    console.log(`| ${language} | ${texts} | ${rate(right, texts)} | ${rate(right, told)} |`);
  console.log(`\nTold as code, of ${ROUNDS} each: ${wrong.join(', ')}.`);
}

if (import.meta.main) benchCodeLabelled();
