/** Dates, where a word before them says that someone was born then. */
import type { Candidate, Judged, Reading } from './candidate.ts';
import { isWordAt } from './characters.ts';
import { contextWords } from './context.ts';
import { isBirthDate } from './dates.ts';
import { Expression } from './expression.ts';
import { MONTH_NAMES, monthOf } from './months.ts';

const KIND = 'birth-date';
const WORDS = contextWords([
  'dob',
  'born',
  'birth',
  'birthday',
  'birthdate',
  'date of birth',
  'geboren',
  'geb',
  'geburtsdatum',
  'geburtstag',
  'ne le',
  'nee le',
  'naissance',
  'nacimiento',
  'nacido',
  'nacida',
  'nascita',
  'nato',
  'nata',
  'nascimento',
  'nascido',
  'nascida',
  'geboortedatum',
  'fodt',
  'født',
  'fodselsdato',
  'fødselsdato',
  'fodd',
  'fodelsedatum',
  'syntymaaika',
  'syntynyt',
  'urodzenia',
  'urodzony',
  'urodzona',
  'narozeni',
  'dogum*',
  'doğum*',
  '出生',
  '生年月日',
  '생년월일',
]);
/** The word stands right before the date: "born in Utrecht on". */
const NEAR_CHARACTERS = 40;

const day = '[0-3]?\\d';
const year = '(?:1[89]|20)\\d{2}';
const month = `(?i:${MONTH_NAMES.join('|')})`;
const WRITTEN_OUT = new Expression(
  `(?:${day}(?:st|nd|rd|th|\\.|º)?[ -](?:of |de )?${month}[.,]?[ -](?:de |del )?${year}|${month}[.]? ${day}(?:st|nd|rd|th)?,? ${year})`,
);

/** After one or two digits what may stand before a month; or the letters that a month's name begins with. */
const AFTER_DAY = /[ .stnrº-]/;
const MONTH_INITIAL = /[JFMASONDGELWCPKT]/i;

/** Cheap: whether it is worth reading on at `at`. */
export function mayStartDate(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  if (first > 0x39) return MONTH_INITIAL.test(text[at] as string);
  const second = text.charCodeAt(at + 1);
  const after = second >= 0x30 && second <= 0x39 ? at + 2 : at + 1;
  return after >= text.length || AFTER_DAY.test(text[after] as string);
}

/** End of a date with a month's name that starts at `at`; `more` if undecided. */
export function readWrittenDate(text: string, at: number, isEnd: boolean): number | 'more' | undefined {
  const found = WRITTEN_OUT.read(text, at, isEnd);
  if (found === 'more' || found === undefined) return found;
  const end = at + found[0].length;
  if (end >= text.length && !isEnd) return 'more';
  return isWordAt(text, end) || !isWrittenDate(found[0]) ? undefined : end;
}

function isWrittenDate(date: string): boolean {
  const words = date.match(/[\p{L}]{3,}|\d+/gu) ?? [];
  const numbers = words.filter((word) => /^\d/.test(word)).map(Number);
  const name = words.map(monthOf).find((one) => one !== undefined);
  const [theDay, theYear] = numbers;
  return (
    name !== undefined && theDay !== undefined && theYear !== undefined && isBirthDate(theYear, name, theDay)
  );
}

export function judgeBirthDate(context: string, follows: boolean): Judged | undefined {
  const namedAt = WORDS.lastIn(context);
  const isNear = namedAt >= 0 && context.length - namedAt <= NEAR_CHARACTERS;
  return isNear || follows ? { confidence: 'high', namedAt } : undefined;
}

function isNumericDate({ shape, characters }: Candidate): boolean {
  const parts =
    /^d4/.test(shape) || shape === 'd8' ? ymd(characters) : [dmy(characters, shape), mdy(characters, shape)];
  return parts.some((date) => isBirthDate(...date));
}

type YearMonthDay = [year: number, month: number, day: number];

const ymd = (digits: string): YearMonthDay[] => [
  [Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6, 8))],
];

function dmy(digits: string, shape: string): YearMonthDay {
  const [first, second, last] = lengthsOf(shape);
  const written = digits.slice(first + second, first + second + last);
  // Two digits: any century will do.
  return [
    last === 2 ? 1900 + Number(written) : Number(written),
    Number(digits.slice(first, first + second)),
    Number(digits.slice(0, first)),
  ];
}

function mdy(digits: string, shape: string): YearMonthDay {
  const [theYear, theMonth, theDay] = dmy(digits, shape);
  return [theYear, theDay, theMonth];
}

const lengthsOf = (shape: string) =>
  [...shape.matchAll(/d(\d)/g)].map(([, length]) => Number(length)) as [number, number, number];

export const birthDate: Reading = {
  kind: KIND,
  label: 'birth date',
  severity: 'medium',
  shapes: [
    'd4[./-]d2[./-]d2',
    'd4-d2-d2A1d2',
    'd8',
    'd2[./-]d2[./-]d4',
    'd1[./-]d2[./-]d4',
    'd2[./-]d1[./-]d4',
    'd1[./-]d1[./-]d4',
    'd2[./-]d2[./-]d2',
  ],
  judge(candidate) {
    if (!isNumericDate(candidate)) return undefined;
    return judgeBirthDate(candidate.context, candidate.follows(KIND));
  },
};
