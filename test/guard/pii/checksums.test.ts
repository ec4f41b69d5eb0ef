import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimalModulo,
  isEan13,
  isIso7064Mod11_10,
  isLuhn,
  isVerhoeff,
  modulo97,
  weightedSum,
} from '../../../agent/src/guard/pii/checksums.ts';

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
/** The check digits, of ten, that make `payload` valid. */
const valid = (payload: string, isValid: (digits: string) => boolean) =>
  [...'0123456789'].filter((check) => isValid(payload + check));

describe.each([
  ['Luhn', isLuhn, 15],
  ['Verhoeff', isVerhoeff, 11],
  ['ISO 7064 MOD 11,10', isIso7064Mod11_10, 10],
  ['EAN-13', isEan13, 12],
] as const)('%s', (_, isValid, length) => {
  it('gives every number exactly one check digit, and sees every single wrong digit', () => {
    fc.assert(
      fc.property(digits(length), fc.nat(length - 1), fc.integer({ min: 1, max: 9 }), (payload, at, by) => {
        const [check, ...others] = valid(payload, isValid);
        expect(others).toEqual([]);
        const wrong = (Number(payload[at]) + by) % 10;
        expect(isValid(payload.slice(0, at) + wrong + payload.slice(at + 1) + check)).toBe(false);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('published examples', () => {
  it.each([
    // ISO/IEC 7812-1 and the IBAN registry; Verhoeff's paper.
    [isLuhn('79927398713'), true],
    [isLuhn('79927398714'), false],
    [isVerhoeff('2363'), true],
    [isVerhoeff('2364'), false],
    [isIso7064Mod11_10('794623'), true],
    [isEan13('4006381333931'), true],
    [modulo97('WEST12345698765432GB82') === 1, true],
  ])('%#', (actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('works on numbers of any length', () => {
    const number = '12345678901234567890123456789';
    expect(decimalModulo(number, 97)).toBe(Number(BigInt(number) % 97n));
    expect(weightedSum('123', [3, 2, 1])).toBe(10);
  });
});
