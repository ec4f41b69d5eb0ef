import { describe, expect, it } from 'vitest';
import { readIban } from '../../../agent/src/guard/pii/iban.ts';
import { ibanOf } from '../../kit/personal-numbers.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';

/** Account numbers in the structure of the registry: d digits, then letters and digits as written. */
const ACCOUNTS: Readonly<Record<string, string>> = {
  AT: '{d16}',
  BE: '{d12}',
  CH: '{d17}',
  DE: '{d18}',
  ES: '{d20}',
  FR: '{d10}{U11}{d2}',
  GB: 'BANK{d14}',
  IT: 'X{d10}{U12}',
  LU: '{d3}{U13}',
  MT: 'BANK{d5}{U18}',
  NL: 'BANK{d10}',
  NO: '{d11}',
  PL: '{d24}',
  SA: '{d2}{U18}',
  SE: '{d20}',
};

describe.each(Object.entries(ACCOUNTS))('IBAN of %s', (country, shape) => {
  const random = createRandom(country.charCodeAt(0) * country.charCodeAt(1));

  it('is found in one piece and in groups of four', () => {
    for (let i = 0; i < 20; i++) {
      const iban = ibanOf(country, ofShape(shape, random));
      expect(readIban(`${iban}.`, 0, true)).toEqual({ end: iban.length, isExample: false });
      const spaced = (iban.match(/.{1,4}/g) ?? []).join(' ');
      expect(readIban(`${spaced}, please`, 0, true)).toMatchObject({ end: spaced.length });
    }
  });

  it('is nothing with a wrong digit, a digit less, a digit more, or another country', () => {
    for (let i = 0; i < 20; i++) {
      const iban = ibanOf(country, ofShape(shape, random));
      const wrong = iban.slice(0, 2) + String((Number(iban[2]) + 1) % 10) + iban.slice(3);
      for (const text of [wrong, iban.slice(0, -1), `${iban}1`, `ZZ${iban.slice(2)}`, `${iban}@x`]) {
        expect(readIban(text, 0, true), text).toBeUndefined();
      }
    }
  });
});

it('waits until it is whole', () => {
  const iban = ibanOf('DE', ofShape('{d18}', createRandom(3)));
  for (let length = 4; length <= iban.length; length++)
    expect(readIban(iban.slice(0, length), 0, false)).toBe('more');
  expect(readIban(`${iban}. `, 0, false)).toMatchObject({ end: 22 });
  expect(readIban('DEAR all', 0, false)).toBeUndefined();
});

it('knows the example of the registry for what it is', () => {
  expect(readIban('GB29 NWBK 6016 1331 9268 19', 0, true)).toEqual({ end: 27, isExample: true });
});
