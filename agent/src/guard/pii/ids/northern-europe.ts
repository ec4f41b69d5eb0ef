/** National ids of the Nordic countries. */
import { isLuhn, weightedSum } from '../checksums.ts';
import { isDayOfMonth, isDdmmyy, isYyyymmdd } from '../dates.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

/** Two check digits modulo 11. D-numbers add 40 to the day, help numbers 40 to the month, test persons 80. */
function isFodselsnummer(digits: string): boolean {
  const day = Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  if (!isDayOfMonth(month > 80 ? month - 80 : month > 40 ? month - 40 : month, day > 40 ? day - 40 : day))
    return false;
  const first = (11 - (weightedSum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
  const second = (11 - (weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return first === Number(digits[9]) && second === Number(digits[10]);
}

/** Luhn over ten digits; coordination numbers add 60 to the day; the century may stand before them. */
function isPersonnummer(digits: string): boolean {
  const ten = digits.slice(-10);
  const day = Number(ten.slice(4, 6));
  if (!isDayOfMonth(Number(ten.slice(2, 4)), day > 60 ? day - 60 : day) || !isLuhn(ten)) return false;
  if (digits.length === 10) return !isFiller(ten);
  return isYyyymmdd(`${digits.slice(0, 6)}${String(day > 60 ? day - 60 : day).padStart(2, '0')}`);
}

/** Since 2007 numbers are given that don't pass the check, so it raises the confidence and isn't a condition. */
const isCpr = (digits: string): boolean => isDdmmyy(digits) && !isFiller(digits.slice(6));
const isCheckedCpr = (digits: string): boolean =>
  isCpr(digits) && weightedSum(digits, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0;

const HETU_CHECKS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** The sign tells the century: + for the 1800s, - and U to Y the 1900s, A to F the 2000s. */
function isHetu(characters: string): boolean {
  const parts = /^(\d{6})[A-FU-Y]?(\d{3})([0-9A-Y])$/.exec(characters);
  if (parts === null) return false;
  const [, date, individual, check] = parts as unknown as [string, string, string, string];
  return isDdmmyy(date) && Number(individual) >= 2 && HETU_CHECKS[Number(date + individual) % 31] === check;
}

const DANISH_WORDS = ['cpr', 'cpr nr', 'cpr nummer', 'cprnummer', 'personnummer', 'cpr number', 'danish id'];

export const northernEurope: readonly NationalId[] = [
  {
    kind: 'no-fodselsnummer',
    label: 'Norwegian national identity number',
    severity: 'critical',
    country: 'NO',
    source: 'https://www.skatteetaten.no/en/person/national-registry/identitetsnummer/',
    shapes: ['d11', 'd6[ -]d5'],
    isValid: isFodselsnummer,
    words: [
      'fodselsnummer',
      'fødselsnummer',
      'fnr',
      'personnummer',
      'd nummer',
      'national identity',
      'norwegian id',
    ],
    named: 'high',
    bare: { grouped: 'high' },
  },
  {
    kind: 'se-personnummer',
    label: 'Swedish personal identity number',
    severity: 'critical',
    country: 'SE',
    source: 'https://www.skatteverket.se/privat/folkbokforing/personnummer.4.3810a01c150939e893f18c29.html',
    shapes: ['d6-d4', 'd6+d4', 'd8-d4', 'd10', 'd12'],
    isValid: isPersonnummer,
    words: [
      'personnummer',
      'personnr',
      'person nr',
      'samordningsnummer',
      'pnr',
      'personal identity',
      'swedish id',
    ],
    named: 'high',
    bare: { grouped: 'medium' },
  },
  {
    kind: 'dk-cpr',
    label: 'Danish CPR number',
    severity: 'critical',
    country: 'DK',
    source: 'https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret',
    shapes: ['d6-d4', 'd6 d4', 'd10'],
    isValid: isCpr,
    words: DANISH_WORDS,
    named: 'high',
  },
  {
    kind: 'dk-cpr',
    label: 'Danish CPR number',
    severity: 'critical',
    country: 'DK',
    source: 'https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret',
    shapes: ['d6-d4'],
    isValid: isCheckedCpr,
    words: DANISH_WORDS,
    named: 'high',
    bare: { grouped: 'medium' },
  },
  {
    kind: 'fi-hetu',
    label: 'Finnish personal identity code',
    severity: 'critical',
    country: 'FI',
    source: 'https://dvv.fi/en/personal-identity-code',
    shapes: ['d6-d4', 'd6-d3A1', 'd6+d4', 'd6+d3A1', 'd6A1d4', 'd6A1d3A1'],
    isValid: isHetu,
    words: ['hetu', 'henkilotunnus', 'henkilötunnus', 'personbeteckning', 'personal identity'],
    named: 'high',
    bare: { grouped: 'high', compact: 'high' },
  },
];
