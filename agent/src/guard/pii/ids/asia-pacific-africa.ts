/** National ids of Asia, Australia, the Near East and Africa. */
import { isLuhn, isVerhoeff, weightedSum } from '../checksums.ts';
import { isDayOfMonth, isYymmdd, isYyyymmdd } from '../dates.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

/** Since October 2020 the last six digits are random: only a named number passes without the check digit. */
const isRrn = (digits: string): boolean => isYymmdd(digits) && /[1-8]/.test(digits[6] as string);
function isCheckedRrn(digits: string): boolean {
  const sum = weightedSum(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
  return isRrn(digits) && Number(digits[12]) === (11 - (sum % 11)) % 10;
}
const KOREAN_WORDS = ['rrn', 'resident registration', 'jumin*', '주민등록번호', '주민번호', '외국인등록번호'];

/** GB 11643-1999: weights 2^(17-i) modulo 11. The first two digits are the province. */
function isResidentId(characters: string): boolean {
  if (!/^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/.test(characters)) return false;
  if (!isYyyymmdd(characters.slice(6))) return false;
  const sum = weightedSum(characters, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  return '10X98765432'[sum % 11] === characters[17];
}

function isMyNumber(digits: string): boolean {
  const rest = weightedSum(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return Number(digits[11]) === (rest <= 1 ? 0 : 11 - rest) && !isFiller(digits);
}

const NRIC_LETTERS: Readonly<Record<string, readonly [offset: number, letters: string]>> = {
  S: [0, 'JZIHGFEDCBA'],
  T: [4, 'JZIHGFEDCBA'],
  F: [0, 'XWUTRQPNMLK'],
  G: [4, 'XWUTRQPNMLK'],
  M: [3, 'XWUTRQPNJLK'],
};

function isNric(characters: string): boolean {
  const [offset, letters] = NRIC_LETTERS[characters[0] as string] ?? [0, ''];
  const sum = offset + weightedSum(characters.slice(1), [2, 7, 6, 5, 4, 3, 2]);
  return letters[sum % 11] === characters[8] && !isFiller(characters.slice(1, 8));
}

function isTfn(digits: string): boolean {
  return weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 && !isFiller(digits);
}

function isMedicare(digits: string): boolean {
  if (!/^[2-6]/.test(digits)) return false;
  return weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(digits[8]);
}

/** Date of birth, sex, citizenship (0, 1 or 2), a digit that once was race (8 or 9 today), Luhn. */
const isSouthAfricanId = (digits: string): boolean =>
  isDayOfMonth(Number(digits.slice(2, 4)), Number(digits.slice(4, 6))) &&
  /[012]\d\d$/.test(digits) &&
  isLuhn(digits);

export const asiaPacificAfrica: readonly NationalId[] = [
  {
    kind: 'in-aadhaar',
    label: 'Indian Aadhaar number',
    severity: 'critical',
    country: 'IN',
    source: 'https://uidai.gov.in/en/my-aadhaar/about-your-aadhaar.html',
    shapes: ['d4[ -]d4[ -]d4', 'd12'],
    isValid: (digits) => /^[2-9]/.test(digits) && isVerhoeff(digits) && !isFiller(digits),
    words: ['aadhaar*', 'aadhar*', 'adhaar*', 'uidai', 'uid', 'आधार'],
    named: 'high',
  },
  {
    kind: 'in-pan',
    label: 'Indian PAN',
    severity: 'high',
    country: 'IN',
    source: 'https://incometaxindia.gov.in/Pages/tax-services/apply-for-pan.aspx',
    shapes: ['A5d4A1'],
    // The fourth letter is P for a person; the others are companies, trusts and the like. No public check letter.
    isValid: (characters) => characters[3] === 'P' && !isFiller(characters.slice(5, 9)),
    words: ['pan', 'pan card', 'pan no', 'pan number', 'permanent account', 'income tax'],
    named: 'medium',
  },
  {
    kind: 'au-tfn',
    label: 'Australian tax file number',
    severity: 'critical',
    country: 'AU',
    source: 'https://www.ato.gov.au/individuals-and-families/tax-file-number',
    shapes: ['d9', 'd3 d3 d3'],
    isValid: isTfn,
    words: ['tfn', 'tax file'],
    named: 'high',
  },
  {
    kind: 'au-medicare',
    label: 'Australian Medicare number',
    severity: 'high',
    country: 'AU',
    source: 'https://meteor.aihw.gov.au/content/270101',
    shapes: ['d10', 'd11', 'd4 d5 d1', 'd4 d5 d1/d1', 'd4-d5-d1'],
    isValid: isMedicare,
    words: ['medicare*'],
    named: 'high',
  },
  {
    kind: 'kr-rrn',
    label: 'South Korean resident registration number',
    severity: 'critical',
    country: 'KR',
    source: 'https://www.law.go.kr/법령/주민등록법시행규칙',
    shapes: ['d6-d7', 'd13'],
    isValid: isRrn,
    words: KOREAN_WORDS,
    named: 'high',
  },
  {
    kind: 'kr-rrn',
    label: 'South Korean resident registration number',
    severity: 'critical',
    country: 'KR',
    source: 'https://www.law.go.kr/법령/주민등록법시행규칙',
    shapes: ['d6-d7'],
    isValid: isCheckedRrn,
    words: KOREAN_WORDS,
    named: 'high',
    bare: { grouped: 'high' },
  },
  {
    kind: 'cn-resident-id',
    label: 'Chinese resident identity number',
    severity: 'critical',
    country: 'CN',
    source: 'https://openstd.samr.gov.cn/bzgk/gb/newGbInfo?hcno=080D6FBF2BB468F9007657F26D60013E',
    shapes: ['d18', 'd17A1'],
    isValid: isResidentId,
    words: ['身份证', '身份證', '公民身份', 'resident id*', 'identity card', 'id card', 'shenfenzheng'],
    named: 'high',
    bare: { compact: 'high' },
  },
  {
    kind: 'jp-my-number',
    label: 'Japanese My Number',
    severity: 'critical',
    country: 'JP',
    source: 'https://laws.e-gov.go.jp/law/426M60000008085',
    shapes: ['d12', 'd4[ -]d4[ -]d4'],
    isValid: isMyNumber,
    words: ['my number', 'mynumber', 'マイナンバー', '個人番号', 'individual number'],
    named: 'high',
  },
  {
    kind: 'sg-nric',
    label: 'Singaporean NRIC or FIN',
    severity: 'critical',
    country: 'SG',
    source: 'https://www.ica.gov.sg/documents/ic/about',
    shapes: ['A1d7A1'],
    isValid: isNric,
    words: ['nric', 'fin', 'identity card', 'ic no', 'ic number'],
    named: 'high',
    bare: { compact: 'medium' },
    examples: ['S1234567D'],
  },
  {
    kind: 'il-id',
    label: 'Israeli identity number',
    severity: 'critical',
    country: 'IL',
    source: 'https://www.gov.il/en/departments/population_and_immigration_authority',
    shapes: ['d9'],
    isValid: (digits) => isLuhn(digits) && !isFiller(digits),
    words: ['teudat zehut', 'israeli id', 'תעודת זהות', 'ת.ז', 'מספר זהות'],
    named: 'high',
  },
  {
    kind: 'za-id',
    label: 'South African identity number',
    severity: 'critical',
    country: 'ZA',
    source: 'https://www.gov.za/services/services-residents/citizenship/id',
    shapes: ['d13', 'd6 d4 d3', 'd6 d4 d2 d1'],
    isValid: isSouthAfricanId,
    words: ['id number', 'identity number', 'id no', 'rsa id', 'sa id', 'south african*', 'said'],
    named: 'high',
  },
];
