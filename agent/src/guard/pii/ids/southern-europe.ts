/** National ids of France, Spain, Italy, Portugal and Turkey. */
import { decimalModulo, weightedSum } from '../checksums.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

/** Sex, year, month (also 20 and above for unknown ones), department (2A and 2B in Corsica), commune, order; key = 97 - n mod 97. */
function isNir(characters: string): boolean {
  const parts = /^[1-478]\d{2}(\d{2})(\d{2}|2[AB])\d{6}(\d{2})$/.exec(characters);
  if (parts === null) return false;
  const month = Number(parts[1]);
  if (month === 0 || (month > 12 && month < 20) || parts[2] === '00' || parts[2] === '96') return false;
  // Corsica: 2A counts as 19, 2B as 18.
  const number = characters.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return Number(parts[3]) === 97 - decimalModulo(number, 97);
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
const isDniLetter = (digits: string, letter: string | undefined): boolean =>
  DNI_LETTERS[Number(digits) % 23] === letter;
const isDni = (characters: string): boolean =>
  isDniLetter(characters.slice(0, 8), characters[8]) && !/^(\d)\1{7}/.test(characters);
const isNie = (characters: string): boolean =>
  /^[XYZ]/.test(characters) &&
  isDniLetter('XYZ'.indexOf(characters[0] as string) + characters.slice(1, 8), characters[8]) &&
  !/^.(\d)\1{6}/.test(characters);

/** Values at odd places (D.M. 23 December 1976); those at even places are the digit, or the letter's place from A = 0. */
const ODD_DIGITS = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21] as const;
const ODD_LETTERS = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
] as const;

export function codiceFiscaleCheck(first15: string): string {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const unit = first15.charCodeAt(i);
    const value = unit >= 0x41 ? unit - 0x41 : unit - 0x30;
    sum += i % 2 === 1 ? value : ((unit >= 0x41 ? ODD_LETTERS[value] : ODD_DIGITS[value]) as number);
  }
  return String.fromCharCode(0x41 + (sum % 26));
}

/** Where two people would share one, digits are replaced by these letters (omocodia). */
const OMOCODIA = 'LMNPQRSTUV';

function isCodiceFiscale(characters: string): boolean {
  const D = `[0-9${OMOCODIA}]`;
  if (!new RegExp(`^[A-Z]{6}${D}{2}[ABCDEHLMPRST]${D}{2}[A-Z]${D}{3}[A-Z]$`).test(characters)) return false;
  const day = Number(
    [...characters.slice(9, 11)]
      .map((one) => (OMOCODIA.includes(one) ? OMOCODIA.indexOf(one) : one))
      .join(''),
  );
  if (!((day >= 1 && day <= 31) || (day >= 41 && day <= 71))) return false;
  return codiceFiscaleCheck(characters) === characters[15];
}

function isNif(digits: string): boolean {
  if (!/^(?:[1-3]|45)/.test(digits) || isFiller(digits)) return false;
  const rest = 11 - (weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return Number(digits[8]) === (rest > 9 ? 0 : rest);
}

function isTckn(digits: string): boolean {
  if (digits[0] === '0') return false;
  const odd = weightedSum(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weightedSum(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  return tenth === Number(digits[9]) && (odd + even + tenth) % 10 === Number(digits[10]);
}

export const southernEurope: readonly NationalId[] = [
  {
    kind: 'fr-nir',
    label: 'French social security number (NIR)',
    severity: 'critical',
    country: 'FR',
    source: 'https://www.insee.fr/fr/metadonnees/definition/c1409',
    shapes: ['d15', 'w15', 'd1 d2 d2 d2 d3 d3 d2', 'd1 d2 d2 d1A1 d3 d3 d2', 'd13 d2'],
    isValid: isNir,
    words: [
      'nir',
      'insee',
      'securite sociale',
      'secu',
      'numero de securite*',
      'carte vitale',
      'social security',
    ],
    named: 'high',
    bare: { grouped: 'high', compact: 'medium' },
  },
  {
    kind: 'es-dni',
    label: 'Spanish identity number (DNI)',
    severity: 'critical',
    country: 'ES',
    source:
      'https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control-del-nif-nie/',
    shapes: ['d8A1', 'd8[ -]A1', 'd2.d3.d3-A1'],
    isValid: isDni,
    words: ['dni', 'nif', 'documento nacional', 'identidad'],
    named: 'high',
    bare: { compact: 'medium' },
    examples: ['12345678Z'],
  },
  {
    kind: 'es-nie',
    label: "Spanish foreigner's identity number (NIE)",
    severity: 'critical',
    country: 'ES',
    source:
      'https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control-del-nif-nie/',
    shapes: ['A1d7A1', 'A1-d7-A1'],
    isValid: isNie,
    words: ['nie', 'nif', 'extranjero', 'identidad'],
    named: 'high',
    bare: { grouped: 'high', compact: 'medium' },
    examples: ['X1234567L'],
  },
  {
    kind: 'it-codice-fiscale',
    label: 'Italian tax code (codice fiscale)',
    severity: 'critical',
    country: 'IT',
    source:
      'https://www.agenziaentrate.gov.it/portale/web/guest/schede/istanze/richiesta-ts_cf/informazioni-codificazione-pf',
    shapes: ['w16', 'A3 A3 d2A1d2 A1d3A1'],
    isValid: isCodiceFiscale,
    words: ['codice fiscale', 'cf', 'fiscal code', 'tax code'],
    named: 'high',
    bare: { grouped: 'high', compact: 'high' },
    examples: ['RSSMRA80A01H501U'],
  },
  {
    kind: 'pt-nif',
    label: 'Portuguese tax number (NIF)',
    severity: 'high',
    country: 'PT',
    source: 'https://www.portaldasfinancas.gov.pt',
    shapes: ['d9', 'd3 d3 d3'],
    isValid: isNif,
    words: ['nif', 'contribuinte', 'numero fiscal', 'identificacao fiscal', 'numero de identificacao'],
    named: 'high',
  },
  {
    kind: 'tr-tckn',
    label: 'Turkish identity number',
    severity: 'critical',
    country: 'TR',
    source: 'https://www.nvi.gov.tr',
    shapes: ['d11'],
    isValid: isTckn,
    words: ['tckn', 'tc kimlik', 'kimlik no', 'kimlik numarasi', 'tc no', 't c kimlik', 'turkish id'],
    named: 'high',
  },
];
