/** National ids of Great Britain, Ireland, the German-speaking countries and the Low Countries. */
import { decimalModulo, isEan13, isIso7064Mod11_10, weightedSum } from '../checksums.ts';
import { isDayOfMonth } from '../dates.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

function isNhsNumber(digits: string): boolean {
  const check = (11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === Number(digits[9]) && !isFiller(digits);
}

/** No check digit: the prefixes that HMRC never gives are the only rule (NIM39110). */
const isNino = (characters: string): boolean =>
  /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(characters) &&
  !isFiller(characters.slice(2, 8));

const PPS_LETTERS = 'WABCDEFGHIJKLMNOPQRSTUV';

/** Weights 8 to 2; a second letter counts nine times its place in the alphabet (W as 0). */
function isPps(characters: string): boolean {
  const second = characters[8];
  if (second !== undefined && !/[A-IW]/.test(second)) return false;
  const extra = second === undefined || second === 'W' ? 0 : (second.charCodeAt(0) - 0x40) * 9;
  const sum = weightedSum(characters, [8, 7, 6, 5, 4, 3, 2]) + extra;
  return PPS_LETTERS[sum % 23] === characters[7] && !isFiller(characters.slice(0, 7));
}

/** Among the first ten digits exactly one occurs twice or three times. */
function isSteuerId(digits: string): boolean {
  if (digits[0] === '0' || !isIso7064Mod11_10(digits)) return false;
  const counts = new Array<number>(10).fill(0);
  for (const digit of digits.slice(0, 10)) counts[Number(digit)] = (counts[Number(digit)] as number) + 1;
  const repeated = counts.filter((count) => count > 1);
  return repeated.length === 1 && (repeated[0] as number) <= 3;
}

const AREAS = /^(?:0[2-4]|08|09|1[0-9]|2[0-9]|3[89]|4[0-9]|5[0-9]|6[0-9]|7[0-9]|8[0-9]|99)/;

/** The letter counts as its place in the alphabet, two digits; weights 2 1 2 5 7 1 2 1 2 1 2 1; digit sums (VKVV section 4). */
function isSozialversicherungsnummer(characters: string): boolean {
  if (!AREAS.test(characters)) return false;
  const day = Number(characters.slice(2, 4));
  // 50 is added to the day where two people would get the same number.
  if (!isDayOfMonth(Number(characters.slice(4, 6)), day > 50 ? day - 50 : day)) return false;
  const letter = String(characters.charCodeAt(8) - 0x40).padStart(2, '0');
  const digits = characters.slice(0, 8) + letter + characters.slice(9, 11);
  let sum = 0;
  for (const [i, weight] of [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].entries()) {
    const product = Number(digits[i]) * weight;
    sum += Math.floor(product / 10) + (product % 10);
  }
  return sum % 10 === Number(characters[11]);
}

function isAustrianSvnr(digits: string): boolean {
  if (digits[0] === '0') return false;
  const month = Number(digits.slice(6, 8));
  // Months 13 to 15 are used when the numbers of a day have run out.
  if (!isDayOfMonth(month > 12 && month < 16 ? 1 : month, Number(digits.slice(4, 6)))) return false;
  return weightedSum(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === Number(digits[3]);
}

function isBsn(digits: string): boolean {
  const sum = weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2]) - Number(digits[8]);
  return sum % 11 === 0 && !isFiller(digits) && !digits.startsWith('00');
}

/** 97 minus the remainder of the first nine digits, with a 2 before them for those born from 2000 on. */
function isRijksregisternummer(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 20;
  const day = Number(digits.slice(4, 6));
  if (month > 12 || day > 31 || (month > 0 && day > 0 && !isDayOfMonth(month, day))) return false;
  const check = Number(digits.slice(9));
  const first = digits.slice(0, 9);
  if (isFiller(first)) return false;
  return check === 97 - decimalModulo(first, 97) || check === 97 - decimalModulo(`2${first}`, 97);
}

export const westernEurope: readonly NationalId[] = [
  {
    kind: 'gb-nhs-number',
    label: 'UK NHS number',
    severity: 'high',
    country: 'GB',
    source: 'https://www.datadictionary.nhs.uk/attributes/nhs_number.html',
    shapes: ['d3[ -]d3[ -]d4', 'd10'],
    isValid: isNhsNumber,
    words: ['nhs', 'nhs number', 'nhs no'],
    named: 'high',
  },
  {
    kind: 'gb-nino',
    label: 'UK National Insurance number',
    severity: 'critical',
    country: 'GB',
    source: 'https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110',
    shapes: ['A2d6A1', 'A2 d2 d2 d2 A1', 'A2 d6 A1', 'A2-d2-d2-d2-A1'],
    isValid: isNino,
    words: ['nino', 'ni', 'national insurance', 'ni number', 'insurance number'],
    named: 'high',
    bare: { grouped: 'medium', compact: 'medium' },
    examples: ['AB123456C', 'QQ123456C', 'JG103759A'],
  },
  {
    kind: 'ie-pps',
    label: 'Irish PPS number',
    severity: 'critical',
    country: 'IE',
    source:
      'https://www.gov.ie/en/department-of-social-protection/services/get-a-personal-public-service-pps-number/',
    shapes: ['d7A1', 'd7A2', 'd7 A1', 'd7 A2'],
    isValid: isPps,
    words: ['pps', 'ppsn', 'pps no', 'pps number', 'personal public service'],
    named: 'high',
    bare: { compact: 'medium' },
    examples: ['1234567T', '1234567FA', '1234567TW'],
  },
  {
    kind: 'de-tax-id',
    label: 'German tax id (Steuer-ID)',
    severity: 'high',
    country: 'DE',
    source:
      'https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer/steuerlicheidentifikationsnummer_node.html',
    shapes: ['d11', 'd2 d3 d3 d3'],
    isValid: isSteuerId,
    words: [
      'steuer id',
      'steuerid*',
      'steueridentifikationsnummer',
      'steuerliche identifikationsnummer',
      'identifikationsnummer',
      'steuernummer',
      'idnr',
      'tin',
      'tax id*',
      'german tax',
    ],
    named: 'high',
  },
  {
    kind: 'de-social-security-number',
    label: 'German social security number',
    severity: 'critical',
    country: 'DE',
    source: 'https://www.gesetze-im-internet.de/vkvv/__2.html',
    shapes: ['d8A1d3', 'd2 d6 A1 d3'],
    isValid: isSozialversicherungsnummer,
    words: [
      'sozialversicherungs*',
      'rentenversicherungs*',
      'versicherungsnummer',
      'rvnr',
      'svnr',
      'sv nummer',
      'social security',
      'insurance number',
    ],
    named: 'high',
    bare: { grouped: 'high', compact: 'medium' },
  },
  {
    kind: 'at-svnr',
    label: 'Austrian social security number',
    severity: 'critical',
    country: 'AT',
    source: 'https://www.sozialversicherung.at/cdscontent/?contentid=10007.820902',
    shapes: ['d10', 'd4 d6', 'd4-d6', 'd4/d6'],
    isValid: isAustrianSvnr,
    words: ['svnr', 'sv nr', 'sv nummer', 'sozialversicherungs*', 'versicherungsnummer', 'social security'],
    named: 'high',
  },
  {
    kind: 'ch-ahv',
    label: 'Swiss AHV number',
    severity: 'critical',
    country: 'CH',
    source: 'https://www.zas.admin.ch/zas/en/home/partenaires-et-institutions-/navs13.html',
    shapes: ['d3.d4.d4.d2', 'd3 d4 d4 d2', 'd13'],
    isValid: (digits) => digits.startsWith('756') && isEan13(digits) && !isFiller(digits.slice(3, 12)),
    words: ['ahv*', 'avs', 'oasi', 'navs*', 'sozialversicherungs*', 'social security'],
    named: 'high',
    bare: { grouped: 'high', compact: 'medium' },
  },
  {
    kind: 'nl-bsn',
    label: 'Dutch citizen service number (BSN)',
    severity: 'critical',
    country: 'NL',
    source: 'https://www.rvig.nl/burgerservicenummer',
    shapes: ['d9', 'd4.d2.d3', 'd3 d3 d3'],
    isValid: isBsn,
    words: ['bsn', 'burgerservicenummer', 'burger service nummer', 'sofinummer', 'sofi', 'citizen service'],
    named: 'high',
  },
  {
    kind: 'be-national-number',
    label: 'Belgian national register number',
    severity: 'critical',
    country: 'BE',
    source: 'https://www.ibz.rrn.fgov.be/fr/registre-national/',
    shapes: ['d2.d2.d2-d3.d2', 'd6-d3-d2', 'd6 d3 d2', 'd2.d2.d2 d3 d2', 'd11'],
    isValid: isRijksregisternummer,
    words: [
      'rijksregister*',
      'registre national',
      'national register',
      'national number',
      'numero national',
      'nrn',
      'insz',
      'niss',
      'rrn',
    ],
    named: 'high',
    bare: { grouped: 'high' },
  },
];
