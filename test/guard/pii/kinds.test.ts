import { describe, expect, it } from 'vitest';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';
import { nationalIds, piiKinds } from '../../../agent/src/guard/pii/kinds.ts';
import { PII_COUNTRIES } from '../../../policies/schema/guardrails/pii.ts';
import { PERSONAL_NUMBERS, withWrongDigit } from '../../kit/personal-numbers.ts';
import { createRandom } from '../../kit/random-text.ts';

const ROUNDS = 40;
const detector = createPiiDetector('pii');

const found = (text: string, scanned = detector) =>
  scanned.scan(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

describe.each(PERSONAL_NUMBERS)('$kind', ({ kind, country, named, isUnmistakable, hasCheck, make }) => {
  const own = createPiiDetector('pii', { kinds: [kind] });

  it('is found where a word announces it, and nothing but it', () => {
    const random = createRandom(11);
    for (let i = 0; i < ROUNDS; i++) {
      const number = make(random);
      expect(found(`My ${named}: ${number}.`, own)).toEqual([`${kind} ${number}`]);
      if (country !== undefined) {
        const local = createPiiDetector('pii', { countries: [country] });
        expect(found(`${named}=${number}\n`, local)).toEqual([`${kind} ${number}`]);
      }
    }
  });

  it(isUnmistakable ? 'is found without a word' : 'is nothing without a word', () => {
    const random = createRandom(12);
    for (let i = 0; i < ROUNDS; i++) {
      const number = make(random);
      expect(found(`here: ${number}, thanks`, own)).toEqual(isUnmistakable ? [`${kind} ${number}`] : []);
    }
  });

  it('is not found as part of something longer', () => {
    const random = createRandom(13);
    for (let i = 0; i < ROUNDS; i++) {
      const number = make(random);
      for (const text of [
        `x${number}`,
        `_${number}`,
        `${number}x`,
        `${number}_id`,
        `9${number}7`,
        `${number}@acme.com`,
      ]) {
        expect(found(text, own), text).not.toContain(`${kind} ${number}`);
      }
    }
  });

  it.runIf(hasCheck)('is not found with a wrong digit', () => {
    const random = createRandom(14);
    const own = createPiiDetector('pii', { kinds: [kind] });
    for (let i = 0; i < ROUNDS; i++) {
      const wrong = withWrongDigit(make(random), random);
      expect(found(`My ${named}: ${wrong}.`, own), wrong).toEqual([]);
    }
  });
});

it('every kind of official number is made and tried above', () => {
  const tried = new Set(PERSONAL_NUMBERS.map(({ kind }) => kind));
  const tested = piiKinds.filter((kind) => !tried.has(kind));
  expect(tested).toEqual(['birth-date', 'email-address', 'ip-address', 'phone-number']);
});

it('knows the countries that the policy offers, at least fifteen with a check', () => {
  expect([...new Set(nationalIds.map(({ country }) => country))].sort()).toEqual([...PII_COUNTRIES]);
  expect(
    new Set(PERSONAL_NUMBERS.filter(({ hasCheck }) => hasCheck).map(({ country }) => country)).size,
  ).toBeGreaterThan(15);
});

it('looks for the countries chosen only', () => {
  const random = createRandom(15);
  const swedish = PERSONAL_NUMBERS.find(({ kind }) => kind === 'se-personnummer');
  const text = `personnummer ${swedish?.make(random)}`;
  expect(found(text, createPiiDetector('pii', { countries: ['NO', 'US'] }))).toEqual([]);
  expect(found(text, createPiiDetector('pii', { countries: ['SE'] }))).toHaveLength(1);
});

it('has words for the employee, a severity and a public source for every kind', () => {
  for (const rule of nationalIds) {
    expect(rule.label, rule.kind).toMatch(/^[A-Z].{4,60}$/);
    expect(rule.source, rule.kind).toMatch(/^https:\/\//);
    expect(rule.kind).toMatch(new RegExp(`^${rule.country.toLowerCase()}-[a-z-]+$`));
  }
});
