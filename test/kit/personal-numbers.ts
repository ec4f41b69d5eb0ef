/**
 * Official numbers made up at run time: random digits, and check digits worked out here from the published rules (not by
 * the code under test). Nobody's: no number is kept in the sources.
 */
import type { Random } from './random-text.ts';

export interface PersonalNumber {
  readonly kind: string;
  /** Two-letter country, or undefined where it has none. */
  readonly country?: string;
  /** Words that announce it, in its country's language or in English. */
  readonly named: string;
  /** True if the number is found without them. */
  readonly isUnmistakable: boolean;
  /** True if changing any one digit makes it invalid. */
  readonly hasCheck: boolean;
  make(random: Random): string;
}

const digits = (random: Random, count: number, from = 0): string => {
  let text = String(from + random.below(10 - from));
  while (text.length < count) {
    const next = String(random.below(10));
    // No runs: they are taken for fillers.
    if (next !== text.at(-1)) text += next;
  }
  return text;
};
const letters = (random: Random, count: number, alphabet = 'ABCDEFGHJKLMNPRSTWYZ'): string =>
  Array.from({ length: count }, () => random.pick(alphabet)).join('');
const two = (value: number): string => String(value).padStart(2, '0');
const sum = (text: string, weights: readonly number[]): number =>
  weights.reduce((total, weight, i) => total + weight * Number(text[i]), 0);

interface Birth {
  readonly year: number;
  readonly yy: string;
  readonly mm: string;
  readonly dd: string;
}

function birth(random: Random): Birth {
  const year = 1940 + random.below(59);
  return { year, yy: two(year % 100), mm: two(1 + random.below(12)), dd: two(1 + random.below(28)) };
}

/** Makes numbers until one has a check digit: some schemes skip those that would need an eleventh. */
function until(make: () => string | undefined): string {
  for (;;) {
    const made = make();
    if (made !== undefined) return made;
  }
}

export function luhnDigit(payload: string): string {
  let total = 0;
  [...payload].reverse().forEach((digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  });
  return String((10 - (total % 10)) % 10);
}

export const ibanOf = (country: string, account: string): string => {
  const numeric = [...`${account}${country}00`].map((one) => Number.parseInt(one, 36)).join('');
  return `${country}${two(98 - Number(BigInt(numeric) % 97n))}${account}`;
};

/** ISO 7064 MOD 11,10. */
function hybridDigit(payload: string): string {
  let product = 10;
  for (const digit of payload) {
    const rest = (Number(digit) + product) % 10;
    product = ((rest === 0 ? 10 : rest) * 2) % 11;
  }
  return String((11 - product) % 10);
}

/** Verhoeff's check digit by trying: multiplication in D5 from its definition (i + j, or i - j after a reflection). */
function verhoeffDigit(payload: string): string {
  const multiply = (a: number, b: number): number => {
    const rotation = a < 5 ? (a + (b % 5)) % 5 : (a - (b % 5) + 5) % 5;
    return a < 5 === b < 5 ? rotation : rotation + 5;
  };
  const permute = (position: number, digit: number): number => {
    let value = digit;
    for (let i = 0; i < position % 8; i++) value = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][value] as number;
    return value;
  };
  const check = (text: string) =>
    [...text].reverse().reduce((total, digit, i) => multiply(total, permute(i, Number(digit))), 0);
  return [...'0123456789'].find((digit) => check(payload + digit) === 0) as string;
}

/** Values of odd places in a codice fiscale, as the decree prints them: letters and digits share them. */
const CODICE_ODD = '1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23'
  .split(' ')
  .map(Number);

function codiceFiscale(random: Random): string {
  const { yy, dd } = birth(random);
  const first = `${letters(random, 6)}${yy}${random.pick('ABCDEHLMPRST')}${dd}${letters(random, 1, 'ABCDEFGHIL')}${digits(random, 3)}`;
  const value = (one: string, i: number): number => {
    const order = /\d/.test(one) ? Number(one) : one.charCodeAt(0) - 65;
    return i % 2 === 0 ? (CODICE_ODD[order] as number) : order;
  };
  return (
    first + String.fromCharCode(65 + ([...first].reduce((total, one, i) => total + value(one, i), 0) % 26))
  );
}

function steuerId(random: Random): string {
  const unused = [...'0123456789'];
  const first = unused.splice(1 + random.below(9), 1)[0] as string;
  let rest = '';
  while (rest.length < 8) rest += unused.splice(random.below(unused.length), 1)[0];
  // One digit occurs twice, one not at all.
  const ten = first + rest + random.pick(rest.slice(0, 7));
  return ten + hybridDigit(ten);
}

function rentenversicherung(random: Random): string {
  const { yy, mm, dd } = birth(random);
  const letter = random.pick('ABCDEFGHJKLM');
  const head = `${random.pick(['12', '15', '50', '65'])}${dd}${mm}${yy}`;
  const serial = digits(random, 2);
  const all = head + two(letter.charCodeAt(0) - 64) + serial;
  const cross = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].reduce((total, weight, i) => {
    const product = String(weight * Number(all[i]));
    return total + [...product].reduce((one, digit) => one + Number(digit), 0);
  }, 0);
  return `${head}${letter}${serial}${cross % 10}`;
}

const modulo97 = (text: string): number => Number(BigInt(text) % 97n);
const grouped = (text: string, separator: string, ...lengths: number[]): string => {
  let at = 0;
  const groups = lengths.map((length) => {
    at += length;
    return text.slice(at - length, at);
  });
  return groups.join(separator);
};

export function cardNumber(random: Random, prefix = '4', length = 16): string {
  const payload = prefix + digits(random, length - prefix.length - 1);
  return payload + luhnDigit(payload);
}

const curpAlphabet = [...'0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ'];

const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY';
const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE';

export const PERSONAL_NUMBERS: readonly PersonalNumber[] = [
  {
    kind: 'card-number',
    named: 'card number',
    isUnmistakable: true,
    hasCheck: true,
    make: (random) => grouped(cardNumber(random, random.pick(['4', '51', '2720', '6011'])), ' ', 4, 4, 4, 4),
  },
  {
    kind: 'iban',
    named: 'IBAN',
    isUnmistakable: true,
    hasCheck: true,
    make: (random) =>
      random.below(2) === 0 ? ibanOf('DE', digits(random, 18)) : ibanOf('NL', `BANK${digits(random, 10)}`),
  },
  {
    kind: 'us-ssn',
    country: 'US',
    named: 'SSN',
    isUnmistakable: true,
    hasCheck: false,
    make: (random) =>
      `${two(1 + random.below(65))}${1 + random.below(9)}-${two(1 + random.below(99))}-${digits(random, 4, 1)}`,
  },
  {
    kind: 'us-itin',
    country: 'US',
    named: 'ITIN',
    isUnmistakable: true,
    hasCheck: false,
    make: (random) => `9${digits(random, 2)}-${70 + random.below(19)}-${digits(random, 4, 1)}`,
  },
  {
    kind: 'ca-sin',
    country: 'CA',
    named: 'social insurance number',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const payload = `${1 + random.below(7)}${digits(random, 7)}`;
      return grouped(payload + luhnDigit(payload), ' ', 3, 3, 3);
    },
  },
  {
    kind: 'br-cpf',
    country: 'BR',
    named: 'CPF',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      let number = digits(random, 9);
      for (const length of [9, 10]) {
        const rest =
          sum(
            number,
            Array.from({ length }, (_, i) => length + 1 - i),
          ) % 11;
        number += rest < 2 ? 0 : 11 - rest;
      }
      return `${grouped(number, '.', 3, 3, 3)}-${number.slice(9)}`;
    },
  },
  {
    kind: 'cl-rut',
    country: 'CL',
    named: 'RUT',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const number = `1${digits(random, 7)}`;
      const rest = 11 - (sum(number, [3, 2, 7, 6, 5, 4, 3, 2]) % 11);
      return `${grouped(number, '.', 2, 3, 3)}-${rest === 11 ? '0' : rest === 10 ? 'K' : rest}`;
    },
  },
  {
    kind: 'mx-curp',
    country: 'MX',
    named: 'CURP',
    isUnmistakable: true,
    hasCheck: false,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const head = `${letters(random, 4)}${yy}${mm}${dd}${random.pick('HM')}${letters(random, 5)}${random.below(10)}`;
      const total = [...head].reduce((all, one, i) => all + curpAlphabet.indexOf(one) * (18 - i), 0);
      return head + ((10 - (total % 10)) % 10);
    },
  },
  {
    kind: 'gb-nhs-number',
    country: 'GB',
    named: 'NHS number',
    isUnmistakable: false,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const number = digits(random, 9, 4);
        const check = 11 - (sum(number, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
        return check === 10 ? undefined : grouped(number + (check % 11), ' ', 3, 3, 4);
      }),
  },
  {
    kind: 'gb-nino',
    country: 'GB',
    named: 'National Insurance number',
    isUnmistakable: true,
    hasCheck: false,
    make: (random) =>
      `${random.pick(['AA', 'CE', 'HJ', 'LM', 'PW'])}${digits(random, 6)}${random.pick('ABCD')}`,
  },
  {
    kind: 'ie-pps',
    country: 'IE',
    named: 'PPS number',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const number = digits(random, 7);
      const second = random.pick('ABW');
      const total = sum(number, [8, 7, 6, 5, 4, 3, 2]) + 'WABCDEFGHI'.indexOf(second) * 9;
      return number + 'WABCDEFGHIJKLMNOPQRSTUV'[total % 23] + second;
    },
  },
  {
    kind: 'de-tax-id',
    country: 'DE',
    named: 'Steuer-ID',
    isUnmistakable: false,
    hasCheck: true,
    make: steuerId,
  },
  {
    kind: 'de-social-security-number',
    country: 'DE',
    named: 'Sozialversicherungsnummer',
    isUnmistakable: true,
    hasCheck: false,
    make: rentenversicherung,
  },
  {
    kind: 'at-svnr',
    country: 'AT',
    named: 'SVNR',
    isUnmistakable: false,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const { yy, mm, dd } = birth(random);
        const serial = digits(random, 3, 1);
        const check = sum(`${serial}${dd}${mm}${yy}`, [3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
        return check === 10 ? undefined : `${serial}${check} ${dd}${mm}${yy}`;
      }),
  },
  {
    kind: 'ch-ahv',
    country: 'CH',
    named: 'AHV-Nummer',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const number = `756${digits(random, 9)}`;
      const total = [...number].reduce((all, digit, i) => all + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
      return grouped(number + ((10 - (total % 10)) % 10), '.', 3, 4, 4, 2);
    },
  },
  {
    kind: 'nl-bsn',
    country: 'NL',
    named: 'BSN',
    isUnmistakable: false,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const number = digits(random, 8, 1);
        const check = sum(number, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        return check === 10 ? undefined : number + check;
      }),
  },
  {
    kind: 'be-national-number',
    country: 'BE',
    named: 'Rijksregisternummer',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const serial = digits(random, 3);
      return `${yy}.${mm}.${dd}-${serial}.${two(97 - modulo97(yy + mm + dd + serial))}`;
    },
  },
  {
    kind: 'no-fodselsnummer',
    country: 'NO',
    named: 'fødselsnummer',
    isUnmistakable: false,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const { yy, mm, dd } = birth(random);
        const nine = `${dd}${mm}${yy}${digits(random, 3)}`;
        const first = (11 - (sum(nine, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
        const second = (11 - (sum(`${nine}${first}`, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
        return first === 10 || second === 10 ? undefined : `${nine}${first}${second}`;
      }),
  },
  {
    kind: 'se-personnummer',
    country: 'SE',
    named: 'personnummer',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const serial = digits(random, 3);
      return `${yy}${mm}${dd}-${serial}${luhnDigit(yy + mm + dd + serial)}`;
    },
  },
  {
    kind: 'dk-cpr',
    country: 'DK',
    named: 'CPR-nummer',
    isUnmistakable: false,
    hasCheck: false,
    make: (random) =>
      // Since 2007 numbers are given that don't pass the old check: those are made here.
      until(() => {
        const { yy, mm, dd } = birth(random);
        const number = `${dd}${mm}${yy}${digits(random, 4)}`;
        const passes = sum(number, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0;
        return passes ? undefined : `${number.slice(0, 6)}-${number.slice(6)}`;
      }),
  },
  {
    kind: 'fi-hetu',
    country: 'FI',
    named: 'henkilötunnus',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const serial = digits(random, 3, 1);
      return `${dd}${mm}${yy}-${serial}${HETU[Number(dd + mm + yy + serial) % 31]}`;
    },
  },
  {
    kind: 'fr-nir',
    country: 'FR',
    named: 'numéro de sécurité sociale',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const { yy, mm } = birth(random);
      const number = `${1 + random.below(2)}${yy}${mm}${two(1 + random.below(95))}${digits(random, 3)}${digits(random, 3)}`;
      return number + two(97 - modulo97(number));
    },
  },
  {
    kind: 'es-dni',
    country: 'ES',
    named: 'DNI',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const number = digits(random, 8);
      return number + DNI[Number(number) % 23];
    },
  },
  {
    kind: 'es-nie',
    country: 'ES',
    named: 'NIE',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const first = random.below(3);
      const number = digits(random, 7);
      return 'XYZ'[first] + number + DNI[Number(first + number) % 23];
    },
  },
  {
    kind: 'it-codice-fiscale',
    country: 'IT',
    named: 'codice fiscale',
    isUnmistakable: true,
    hasCheck: false,
    make: codiceFiscale,
  },
  {
    kind: 'pt-nif',
    country: 'PT',
    named: 'contribuinte',
    isUnmistakable: false,
    hasCheck: false,
    make(random) {
      const number = `2${digits(random, 7)}`;
      const rest = sum(number, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return number + (rest < 2 ? 0 : 11 - rest);
    },
  },
  {
    kind: 'tr-tckn',
    country: 'TR',
    named: 'TC kimlik no',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const nine = digits(random, 9, 1);
      const tenth = ((sum(nine, [7, -1, 7, -1, 7, -1, 7, -1, 7]) % 10) + 10) % 10;
      return `${nine}${tenth}${(sum(nine, [1, 1, 1, 1, 1, 1, 1, 1, 1]) + tenth) % 10}`;
    },
  },
  {
    kind: 'pl-pesel',
    country: 'PL',
    named: 'PESEL',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const ten = `${yy}${mm}${dd}${digits(random, 4)}`;
      return ten + ((10 - (sum(ten, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10);
    },
  },
  {
    kind: 'cz-birth-number',
    country: 'CZ',
    named: 'rodné číslo',
    isUnmistakable: true,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const { yy, mm, dd } = birth(random);
        const nine = `${yy}${mm}${dd}${digits(random, 3)}`;
        const check = Number(nine) % 11;
        return check === 10
          ? undefined
          : `${nine.slice(0, 6)}/${nine.slice(6)}${(11 - ((Number(nine) * 10) % 11)) % 11}`;
      }),
  },
  {
    kind: 'ro-cnp',
    country: 'RO',
    named: 'CNP',
    isUnmistakable: false,
    hasCheck: false,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const twelve = `${1 + random.below(2)}${yy}${mm}${dd}${two(1 + random.below(46))}${digits(random, 3)}`;
      const check = sum(twelve, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
      return twelve + (check === 10 ? 1 : check);
    },
  },
  {
    kind: 'hr-oib',
    country: 'HR',
    named: 'OIB',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const ten = digits(random, 10);
      return ten + hybridDigit(ten);
    },
  },
  {
    kind: 'in-aadhaar',
    country: 'IN',
    named: 'Aadhaar',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const eleven = digits(random, 11, 2);
      return grouped(eleven + verhoeffDigit(eleven), ' ', 4, 4, 4);
    },
  },
  {
    kind: 'in-pan',
    country: 'IN',
    named: 'PAN card',
    isUnmistakable: false,
    hasCheck: false,
    make: (random) => `${letters(random, 3)}P${letters(random, 1)}${digits(random, 4)}${letters(random, 1)}`,
  },
  {
    kind: 'au-tfn',
    country: 'AU',
    named: 'tax file number',
    isUnmistakable: false,
    hasCheck: true,
    make: (random) =>
      until(() => {
        const eight = digits(random, 8, 1);
        const rest = sum(eight, [1, 4, 3, 7, 5, 8, 6, 9]) % 11;
        return rest === 10 ? undefined : grouped(eight + rest, ' ', 3, 3, 3);
      }),
  },
  {
    kind: 'au-medicare',
    country: 'AU',
    named: 'Medicare card',
    isUnmistakable: false,
    hasCheck: false,
    make(random) {
      const eight = `${2 + random.below(5)}${digits(random, 7)}`;
      return grouped(`${eight}${sum(eight, [1, 3, 7, 9, 1, 3, 7, 9]) % 10}1`, ' ', 4, 5, 1);
    },
  },
  {
    kind: 'kr-rrn',
    country: 'KR',
    named: '주민등록번호',
    isUnmistakable: true,
    hasCheck: false,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const twelve = `${yy}${mm}${dd}${1 + random.below(2)}${digits(random, 5)}`;
      const check = (11 - (sum(twelve, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10;
      return `${twelve.slice(0, 6)}-${twelve.slice(6)}${check}`;
    },
  },
  {
    kind: 'cn-resident-id',
    country: 'CN',
    named: '身份证号码',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const { year, mm, dd } = birth(random);
      const head = `${random.pick(['11', '31', '44', '51'])}${digits(random, 4)}${year}${mm}${dd}${digits(random, 3)}`;
      const total = [...head].reduce((all, digit, i) => all + Number(digit) * (2 ** (17 - i) % 11), 0);
      return head + '10X98765432'[total % 11];
    },
  },
  {
    kind: 'jp-my-number',
    country: 'JP',
    named: 'マイナンバー',
    isUnmistakable: false,
    hasCheck: false,
    make(random) {
      const eleven = digits(random, 11);
      const total = [...eleven]
        .reverse()
        .reduce((all, digit, i) => all + Number(digit) * (i < 6 ? i + 2 : i - 4), 0);
      return eleven + (total % 11 <= 1 ? 0 : 11 - (total % 11));
    },
  },
  {
    kind: 'sg-nric',
    country: 'SG',
    named: 'NRIC',
    isUnmistakable: true,
    hasCheck: true,
    make(random) {
      const first = random.pick('STFG');
      const number = digits(random, 7);
      const rest = (sum(number, [2, 7, 6, 5, 4, 3, 2]) + ('TG'.includes(first) ? 4 : 0)) % 11;
      return first + number + ('ST'.includes(first) ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[rest];
    },
  },
  {
    kind: 'il-id',
    country: 'IL',
    named: 'Teudat Zehut',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const eight = digits(random, 8);
      return eight + luhnDigit(eight);
    },
  },
  {
    kind: 'za-id',
    country: 'ZA',
    named: 'South African ID number',
    isUnmistakable: false,
    hasCheck: true,
    make(random) {
      const { yy, mm, dd } = birth(random);
      const twelve = `${yy}${mm}${dd}${digits(random, 4)}08`;
      return twelve + luhnDigit(twelve);
    },
  },
  {
    kind: 'passport-number',
    named: 'passport number',
    isUnmistakable: false,
    hasCheck: false,
    make: (random) => `${letters(random, 1)}${digits(random, 8)}`,
  },
];

/** The same number with one digit changed. */
export function withWrongDigit(number: string, random: Random): string {
  const places = [...number].flatMap((one, i) => (/\d/.test(one) ? [i] : []));
  const at = random.pick(places);
  const wrong = String((Number(number[at]) + 1 + random.below(9)) % 10);
  return number.slice(0, at) + wrong + number.slice(at + 1);
}
