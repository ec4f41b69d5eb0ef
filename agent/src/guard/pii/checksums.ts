/** The arithmetic that official numbers share. All take digits as text. */

const digitAt = (digits: string, index: number): number => digits.charCodeAt(index) - 0x30;

export function weightedSum(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += digitAt(digits, i) * (weights[i] as number);
  return sum;
}

/** ISO/IEC 7812-1 annex B: every second digit from the right doubled, the sum a multiple of ten. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, doubled = false; i >= 0; i--, doubled = !doubled) {
    const digit = digitAt(digits, i);
    sum += doubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}

/** Remainder of a decimal number of any length. */
export function decimalModulo(digits: string, modulus: number): number {
  let rest = 0;
  for (let i = 0; i < digits.length; i++) rest = (rest * 10 + digitAt(digits, i)) % modulus;
  return rest;
}

/** ISO/IEC 7064 MOD 97-10, with letters as two digits (A = 10). */
export function modulo97(alphanumeric: string): number {
  let rest = 0;
  for (let i = 0; i < alphanumeric.length; i++) {
    const unit = alphanumeric.charCodeAt(i);
    rest = unit >= 0x41 ? (rest * 100 + unit - 0x37) % 97 : (rest * 10 + unit - 0x30) % 97;
  }
  return rest;
}

/** ISO/IEC 7064 MOD 11,10: the hybrid system with one check digit. */
export function isIso7064Mod11_10(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < digits.length - 1; i++) {
    const sum = (product + digitAt(digits, i)) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digitAt(digits, digits.length - 1);
}

/** EAN-13 (GS1 General Specifications, section 7.9): weights 1 and 3 in turn. */
export const isEan13 = (digits: string): boolean =>
  weightedSum(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0;

/** Products in the dihedral group D5, row by row (Verhoeff, "Error detecting decimal codes", 1969). */
const D5 = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
] as const;
const PERMUTATIONS = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
] as const;

export function isVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i++) {
    const permutation = PERMUTATIONS[i % 8] as string;
    const permuted = digitAt(permutation, digitAt(digits, digits.length - 1 - i));
    check = digitAt(D5[check] as string, permuted);
  }
  return check === 0;
}
