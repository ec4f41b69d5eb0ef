/** Phone numbers: international ones by their own plan, American ones by their punctuation, national ones where a word says so. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Candidate, Reading } from './candidate.ts';
import { isJoinedAfter, isJoinedBefore, isWordAt } from './characters.ts';
import { contextWords } from './context.ts';
import { Expression } from './expression.ts';
import { isFiller } from './id-rule.ts';

export const PHONE_KIND = 'phone-number';
export const PHONE_LABEL = 'phone number';

const WORDS = contextWords([
  'phone',
  'phones',
  'telephone',
  'tel',
  'mobile',
  'cell',
  'cellphone',
  'cellular',
  'fax',
  'call',
  'sms',
  'whatsapp',
  'dial',
  'telefon*',
  'handy',
  'mobil',
  'mobiltelefon',
  'mobilnummer',
  'rufnummer',
  'tlf',
  'telefono',
  'telefone',
  'movil',
  'celular',
  'cellulare',
  'puhelin*',
  'numer telefonu',
  '电话',
  '手机',
  '電話',
  '携帯',
  '전화',
  '휴대폰',
]);
/** Numbers that are spoken of as numbers, not as calls. */
const NEAR_CHARACTERS = 40;
/** Ten digits in one piece look like any other number: the word must be next to them. */
const NEXT_TO_CHARACTERS = 16;

const MAX_CHARACTERS = 26;
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;

interface Spelling {
  readonly end: number;
  readonly digits: string;
}

/** Digits with single separators and one pair of parentheses, as people write phone numbers. */
export function readSpelling(text: string, at: number, isEnd: boolean): Spelling | 'more' | undefined {
  let digits = '';
  let end = at;
  let lastDigit = at;
  for (; end - at <= MAX_CHARACTERS; end++) {
    if (end >= text.length) {
      if (!isEnd) return 'more';
      break;
    }
    const unit = text.charCodeAt(end);
    if (unit >= 0x30 && unit <= 0x39) {
      digits += text[end];
      lastDigit = end;
    } else if (!(unit === 0x2b && end === at) && !isPhoneJoint(unit)) break;
    else if (end - lastDigit > 2) break;
  }
  const stop = lastDigit + 1;
  if (stop + 1 >= text.length && !isEnd) return 'more';
  if (isWordAt(text, stop) || isJoinedAfter(text, stop)) return undefined;
  return digits.length < MIN_DIGITS || digits.length > MAX_DIGITS ? undefined : { end: stop, digits };
}

const isPhoneJoint = (unit: number): boolean =>
  unit === 0x20 ||
  unit === 0xa0 ||
  unit === 0x2d ||
  unit === 0x2011 ||
  unit === 0x2e ||
  unit === 0x2f ||
  unit === 0x28 ||
  unit === 0x29;

/** `+` and a country's calling code (E.164), valid by that country's plan. `at` is the plus sign. */
export function readInternational(text: string, at: number, isEnd: boolean): number | 'more' | undefined {
  if (at > 0 && (isWordAt(text, at - 1) || text[at - 1] === '+')) return undefined;
  const spelling = readSpelling(text, at, isEnd);
  if (spelling === undefined || spelling === 'more') return spelling;
  const { digits, end } = spelling;
  // `Decimal('+35236450.6')`
  if (/^\+\d{1,15}\.\d{1,15}$/.test(text.slice(at, end))) return undefined;
  if (digits.startsWith('0') || isFictional(digits) || isFiller(digits)) return undefined;
  return parsePhoneNumberFromString(`+${digits}`)?.isValid() === true ? end : undefined;
}

/** 555-0100 to 555-0199 in North America, and the numbers that Ofcom keeps for films. */
const isFictional = (digits: string): boolean =>
  /^(?:1?\d{3})?55501\d{2}$/.test(digits) || /^44(?:7700900|20794609|1632960)\d{2,3}$/.test(digits);

/** NANP: area and exchange begin with 2 to 9, and neither is N11. */
const isNanp = (digits: string): boolean =>
  /^1?[2-9](?!11)\d{2}[2-9](?!11)\d{6}$/.test(digits) && !isFictional(digits);

const PARENTHESISED = new Expression('\\(\\d{3}\\) ?\\d{3}[-. ]\\d{4}(?![0-9A-Za-z_@])');

/** `(415) 555-2671`. `at` is the parenthesis. */
export function readParenthesised(text: string, at: number, isEnd: boolean): number | 'more' | undefined {
  if (text.length > at + 4 && text[at + 4] !== ')') return undefined;
  const found = PARENTHESISED.read(text, at, isEnd);
  if (found === undefined || found === 'more') return found;
  if (at > 0 && isWordAt(text, at - 1)) return undefined;
  return isNanp(found[0].replace(/\D/g, '')) ? at + found[0].length : undefined;
}

const nameIn = (context: string): number => {
  const at = WORDS.lastIn(context);
  return context.length - at <= NEAR_CHARACTERS ? at : -1;
};

/** Dashes alone tell an American number; blanks, dots or none need a word. */
export const northAmerican: Reading = {
  kind: PHONE_KIND,
  label: PHONE_LABEL,
  severity: 'medium',
  shapes: ['d3[-. ]d3[-. ]d4', 'd1[-. ]d3[-. ]d3[-. ]d4'],
  judge({ text, start, end, shape, characters, context }) {
    if (!isNanp(characters) || isJoinedBefore(text, start) || isJoinedAfter(text, end)) return undefined;
    const namedAt = nameIn(context);
    if (namedAt >= 0) return { confidence: 'high', namedAt };
    return shape.includes('[-. ]') && text[end - 5] === '-' ? { confidence: 'medium', namedAt } : undefined;
  },
};

/** Any country's number as it is dialled at home, behind a word that says it is one. `undefined` for dates and the like. */
export function judgeNational(
  { text, start, context, follows }: Pick<Candidate, 'text' | 'start' | 'context' | 'follows'>,
  { digits, end }: Spelling,
): 'medium' | undefined {
  if (nameIn(context) < 0 && !follows(PHONE_KIND)) return undefined;
  const written = text.slice(start, end);
  if (
    isJoinedBefore(text, start) ||
    /^\d{4}-\d{2}-\d{2}|^\d{1,2}[./]\d{1,2}[./]\d{2,4}|^\d+\.\d+$/.test(written)
  )
    return undefined;
  if (isFiller(digits) || isFictional(digits) || /^(\d)\1{5}|^(?:19|20)\d{2}(?:19|20)\d{2}/.test(digits))
    return undefined;
  if (/^0[1-9]|^00[1-9]/.test(digits) || /[ ./()-]/.test(written)) return 'medium';
  return isNanp(digits) && WORDS.lastIn(context) >= context.length - NEXT_TO_CHARACTERS
    ? 'medium'
    : undefined;
}
