import { isJoinedAfter, isWordAt, separatorAt } from './characters.ts';
import { modulo97 } from './checksums.ts';

/**
 * International bank account numbers (ISO 13616-1): country, two check digits modulo 97, then a structure per country as
 * the IBAN registry lists it (https://www.swift.com/standards/data-standards/iban-international-bank-account-number):
 * `n` digits, `a` capital letters, `c` either.
 */
const STRUCTURES: Readonly<Record<string, string>> = {
  AD: '8n12c',
  AE: '19n',
  AL: '8n16c',
  AT: '16n',
  AZ: '4a20c',
  BA: '16n',
  BE: '12n',
  BG: '4a6n8c',
  BH: '4a14c',
  BI: '23n',
  BR: '23n1a1c',
  BY: '4c4n16c',
  CH: '5n12c',
  CR: '18n',
  CY: '8n16c',
  CZ: '20n',
  DE: '18n',
  DJ: '23n',
  DK: '14n',
  DO: '4c20n',
  EE: '16n',
  EG: '25n',
  ES: '20n',
  FI: '14n',
  FK: '2a12n',
  FO: '14n',
  FR: '10n11c2n',
  GB: '4a14n',
  GE: '2a16n',
  GI: '4a15c',
  GL: '14n',
  GR: '7n16c',
  GT: '24c',
  HN: '4a20n',
  HR: '17n',
  HU: '24n',
  IE: '4a14n',
  IL: '19n',
  IQ: '4a15n',
  IS: '22n',
  IT: '1a10n12c',
  JO: '4a4n18c',
  KW: '4a22c',
  KZ: '3n13c',
  LB: '4n20c',
  LC: '4a24c',
  LI: '5n12c',
  LT: '16n',
  LU: '3n13c',
  LV: '4a13c',
  LY: '21n',
  MC: '10n11c2n',
  MD: '20c',
  ME: '18n',
  MK: '3n10c2n',
  MN: '16n',
  MR: '23n',
  MT: '4a5n18c',
  MU: '4a19n3a',
  NI: '4a20n',
  NL: '4a10n',
  NO: '11n',
  OM: '3n16c',
  PK: '4a16c',
  PL: '24n',
  PS: '4a21c',
  PT: '21n',
  QA: '4a21c',
  RO: '4a16c',
  RS: '18n',
  RU: '14n15c',
  SA: '2n18c',
  SC: '4a20n3a',
  SD: '14n',
  SE: '20n',
  SI: '15n',
  SK: '20n',
  SM: '1a10n12c',
  SO: '19n',
  ST: '21n',
  SV: '4a20n',
  TL: '19n',
  TN: '20n',
  TR: '6n16c',
  UA: '6n19c',
  VA: '18n',
  VG: '4a16n',
  XK: '16n',
  YE: '4a4n18c',
};

const CLASSES = { n: '[0-9]', a: '[A-Z]', c: '[0-9A-Z]' } as const;

interface Country {
  readonly length: number;
  readonly structure: RegExp;
}

const COUNTRIES: ReadonlyMap<string, Country> = new Map(
  Object.entries(STRUCTURES).map(([code, structure]) => {
    const parts = [...structure.matchAll(/(\d+)([nac])/g)];
    const length = 4 + parts.reduce((sum, [, count]) => sum + Number(count), 0);
    const pattern = parts.map(([, count, kind]) => `${CLASSES[kind as 'n']}{${count}}`).join('');
    return [code, { length, structure: new RegExp(`^[A-Z]{2}[0-9]{2}${pattern}$`) }];
  }),
);

/** Numbers in every bank's documentation, the registry's own among them. */
const EXAMPLES: ReadonlySet<string> = new Set([
  'GB82WEST12345698765432',
  'GB29NWBK60161331926819',
  'DE89370400440532013000',
  'FR1420041010050500013M02606',
  'ES9121000418450200051332',
  'IT60X0542811101000000123456',
  'NL91ABNA0417164300',
  'BE68539007547034',
  'CH9300762011623852957',
  'AT611904300234573201',
  'NO9386011117947',
  'SE4550000000058398257466',
]);

/** Space for every fourth character. */
const MAX_SPACED = 34 + 10;

export interface IbanHit {
  readonly end: number;
  readonly isExample: boolean;
}

/** `at` is where a word of capital letters starts. Undefined: none; `more`: undecided before more text is there. */
export function readIban(text: string, at: number, isEnd: boolean): IbanHit | 'more' | undefined {
  const country = COUNTRIES.get(text.slice(at, at + 2));
  if (country === undefined) return undefined;
  let characters = '';
  let end = at;
  for (; characters.length < country.length && end - at < MAX_SPACED; end++) {
    if (end >= text.length) return isEnd ? undefined : 'more';
    const unit = text.charCodeAt(end);
    const isDigit = unit >= 0x30 && unit <= 0x39;
    if (isDigit || (unit >= 0x41 && unit <= 0x5a)) {
      if (!isDigit && (characters.length === 2 || characters.length === 3)) return undefined;
      characters += text[end];
    } else {
      const separator = separatorAt(text, end);
      if ((separator !== ' ' && separator !== '-') || separatorAt(text, end - 1) !== undefined)
        return undefined;
      if (characters.length < 4) return undefined;
    }
  }
  if (end + 1 >= text.length && !isEnd) return 'more';
  if (isWordAt(text, end) || isJoinedAfter(text, end)) return undefined;
  if (!country.structure.test(characters)) return undefined;
  if (modulo97(characters.slice(4) + characters.slice(0, 4)) !== 1) return undefined;
  return { end, isExample: EXAMPLES.has(characters) };
}
