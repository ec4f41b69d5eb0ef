import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';
import { PERSONAL_NUMBERS, withWrongDigit } from '../../kit/personal-numbers.ts';
import { createRandom, ofShape, type Random } from '../../kit/random-text.ts';
import type { Labelled } from './harness.ts';
import type { QualitySection } from './section.ts';

export const piiQuality = (): QualitySection => ({
  title: 'Personal data',
  detector: createPiiDetector('pii'),
  labelled: labelledPersonalData(),
});

const ROUNDS = 50;

/** How people and programs write a value with its name. */
const NAMED = [
  (name: string, value: string) => `Hi, my ${name} is ${value}, can you check it?`,
  (name: string, value: string) =>
    `{"name":"J. Roe","${name.replace(/ (\w)/g, (_, one: string) => one.toUpperCase())}":"${value}"}`,
  (name: string, value: string) => `${name}: ${value}\nnext line`,
  (name: string, value: string) => `name;${name}\nRoe;${value}\n`,
];

const BESIDE: readonly [kind: string, name: string, make: (random: Random) => string][] = [
  ['email-address', 'mail', (random) => ofShape('{l6}.{l7}@{l8}-group.com', random)],
  ['phone-number', 'phone', (random) => `+49 30 ${ofShape('{d7}', random)}`],
  [
    'phone-number',
    'phone',
    (random) => `(4${ofShape('{d2}', random).replace('11', '12')}) 555-${2000 + random.below(7999)}`,
  ],
  ['phone-number', 'mobile', (random) => `07${ofShape('{d3} {d6}', random)}`],
  [
    'ip-address',
    'client ip',
    (random) =>
      `${[93, 81, 145].at(random.below(3))}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`,
  ],
  [
    'birth-date',
    'date of birth',
    (random) => `${1950 + random.below(50)}-0${1 + random.below(9)}-${10 + random.below(18)}`,
  ],
];

function labelledPersonalData(): Labelled[] {
  const random = createRandom(85);
  const labelled: Labelled[] = [];
  const add = (kind: string, value: string, text: string) => {
    const start = text.indexOf(value);
    labelled.push({ text, expected: [{ kind, start, end: start + value.length }] });
  };
  for (const { kind, named, isUnmistakable, hasCheck, make } of PERSONAL_NUMBERS) {
    for (let i = 0; i < ROUNDS; i++) {
      const value = make(random);
      add(kind, value, random.pick(NAMED)(named, value));
      if (isUnmistakable) add(kind, value, `see ${value} above`);
      if (hasCheck) {
        const text = `my ${named} is ${withWrongDigit(make(random), random)}`;
        labelled.push({ text, expected: [], category: 'one digit wrong' });
      }
      for (const text of lookAlikes(make(random).replace(/\W/g, ''), random)) {
        labelled.push({ text, expected: [], category: 'look-alikes' });
      }
    }
  }
  for (const [kind, name, make] of BESIDE) {
    for (let i = 0; i < ROUNDS; i++) {
      const value = make(random);
      add(kind, value, random.pick(NAMED)(name, value));
    }
  }
  return labelled;
}

/** The same digits where they are nobody's: in identifiers, hashes, decimals, versions, timestamps. */
function lookAlikes(characters: string, random: Random): string[] {
  return [
    `const user_${characters} = x${characters};`,
    `"sha": "${ofShape('{h20}', random)}${characters}${ofShape('{h12}', random)}"`,
    `[0.${characters}, -1.${characters}, 12.5]`,
    `v1.${characters}.0-rc.${characters}`,
    ofShape('{uuid}', random),
    `{"id": ${1 + random.below(9)}${ofShape('{d15}', random)}, "ts": ${1_700_000_000_000 + random.below(1e9)}}`,
    `at ${1_700_000_000_000 + random.below(1e9)} took ${random.below(1e9)} ns, ${ofShape('{d9}', random)} bytes`,
  ];
}
