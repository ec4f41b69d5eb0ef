/** National ids of Poland, Czechia, Slovakia, Romania and Croatia. */
import { decimalModulo, isIso7064Mod11_10, weightedSum } from '../checksums.ts';
import { isDayOfMonth } from '../dates.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

/** 80, 20, 40 or 60 added to the month tell the century. */
function isPesel(digits: string): boolean {
  if (!isDayOfMonth(Number(digits.slice(2, 4)) % 20, Number(digits.slice(4, 6)))) return false;
  return weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0 && !isFiller(digits);
}

/** Women's months are 50 higher; 20 more where a day's numbers ran out. The ten digits are a multiple of eleven. */
function isRodneCislo(digits: string): boolean {
  let month = Number(digits.slice(2, 4)) % 50;
  if (month > 20) month -= 20;
  return isDayOfMonth(month, Number(digits.slice(4, 6))) && decimalModulo(digits, 11) === 0;
}

function isCnp(digits: string): boolean {
  if (digits[0] === '0' || !isDayOfMonth(Number(digits.slice(3, 5)), Number(digits.slice(5, 7))))
    return false;
  const check = weightedSum(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return Number(digits[12]) === (check === 10 ? 1 : check);
}

export const easternEurope: readonly NationalId[] = [
  {
    kind: 'pl-pesel',
    label: 'Polish PESEL number',
    severity: 'critical',
    country: 'PL',
    source: 'https://www.gov.pl/web/gov/czym-jest-numer-pesel',
    shapes: ['d11'],
    isValid: isPesel,
    words: ['pesel', 'numer pesel', 'nr pesel'],
    named: 'high',
  },
  {
    kind: 'cz-birth-number',
    label: 'Czech or Slovak birth number',
    severity: 'critical',
    country: 'CZ',
    source: 'https://www.zakonyprolidi.cz/cs/2000-133#p13',
    shapes: ['d6/d4', 'd10'],
    isValid: isRodneCislo,
    words: ['rodne cislo', 'rodneho cisla', 'r c', 'birth number'],
    named: 'high',
    bare: { grouped: 'medium' },
  },
  {
    kind: 'ro-cnp',
    label: 'Romanian personal code (CNP)',
    severity: 'critical',
    country: 'RO',
    source: 'https://legislatie.just.ro/Public/DetaliiDocument/46613',
    shapes: ['d13'],
    isValid: isCnp,
    words: ['cnp', 'cod numeric personal', 'codul numeric'],
    named: 'high',
  },
  {
    kind: 'hr-oib',
    label: 'Croatian OIB number',
    severity: 'critical',
    country: 'HR',
    source: 'https://www.porezna-uprava.hr/HR_OIB/Stranice/default.aspx',
    shapes: ['d11'],
    isValid: (digits) => isIso7064Mod11_10(digits) && !isFiller(digits),
    words: ['oib', 'osobni identifikacijski'],
    named: 'high',
  },
];
