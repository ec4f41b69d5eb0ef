/** National ids of North and South America. */
import { isLuhn, weightedSum } from '../checksums.ts';
import { isYymmdd } from '../dates.ts';
import { isFiller, type NationalId } from '../id-rule.ts';

const NINE_AND_DOWN = [9, 8, 7, 6, 5, 4, 3, 2] as const;

/** Area 001 to 899 without 666, group not 00, serial not 0000. */
function isSsn(digits: string): boolean {
  const area = Number(digits.slice(0, 3));
  return area > 0 && area < 900 && area !== 666 && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000';
}

/** 9xx, and in the middle 50-65, 70-88, 90-92 or 94-99. */
function isItin(digits: string): boolean {
  const middle = Number(digits.slice(3, 5));
  return (
    digits[0] === '9' &&
    middle >= 50 &&
    !(middle > 65 && middle < 70) &&
    middle !== 89 &&
    middle !== 93 &&
    digits.slice(5) !== '0000'
  );
}

function isCpf(digits: string): boolean {
  if (/^(\d)\1+$/.test(digits)) return false;
  const first = ((weightedSum(digits, [10, ...NINE_AND_DOWN]) * 10) % 11) % 10;
  const second = ((weightedSum(digits, [11, 10, ...NINE_AND_DOWN]) * 10) % 11) % 10;
  return digits.endsWith(`${first}${second}`);
}

/** Weights 2 to 7 from the right, over and over; 10 is written K. */
function isRut(characters: string): boolean {
  let sum = 0;
  for (let i = 0; i < characters.length - 1; i++) {
    sum += Number(characters[characters.length - 2 - i]) * (2 + (i % 6));
  }
  const check = 11 - (sum % 11);
  return (
    !isFiller(characters.slice(0, -1)) &&
    characters.at(-1) === (check === 11 ? '0' : check === 10 ? 'K' : String(check))
  );
}

const CURP_ALPHABET = '0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ';

function isCurp(characters: string): boolean {
  if (!/^[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d$/.test(characters) || !isYymmdd(characters.slice(4)))
    return false;
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += CURP_ALPHABET.indexOf(characters[i] as string) * (18 - i);
  return Number(characters[17]) === (10 - (sum % 10)) % 10;
}

export const americas: readonly NationalId[] = [
  {
    kind: 'us-ssn',
    label: 'US social security number',
    severity: 'critical',
    country: 'US',
    source: 'https://secure.ssa.gov/poms.nsf/lnx/0110201035',
    shapes: ['d3-d2-d4', 'd3 d2 d4', 'd9'],
    isValid: isSsn,
    words: ['ssn', 'ssns', 'social security', 'soc sec', 'social sec'],
    named: 'high',
    bare: { grouped: 'high' },
    // Printed in a wallet (1938) and in a pamphlet (1940); and the one that everyone types.
    examples: ['078051120', '219099999', '123456789'],
  },
  {
    kind: 'us-itin',
    label: 'US taxpayer identification number',
    severity: 'critical',
    country: 'US',
    source: 'https://www.irs.gov/irm/part3/irm_03-021-263r',
    shapes: ['d3-d2-d4', 'd3 d2 d4', 'd9'],
    isValid: isItin,
    words: ['itin', 'taxpayer id*', 'tax id*', 'tin'],
    named: 'high',
    bare: { grouped: 'medium' },
  },
  {
    kind: 'ca-sin',
    label: 'Canadian social insurance number',
    severity: 'critical',
    country: 'CA',
    source: 'https://www.canada.ca/en/employment-social-development/services/sin.html',
    shapes: ['d3[ -]d3[ -]d3', 'd9'],
    isValid: (digits) => digits[0] !== '0' && digits[0] !== '8' && isLuhn(digits) && !isFiller(digits),
    words: ['sin', 'social insurance', 'nas', "d'assurance sociale", 'assurance sociale'],
    named: 'high',
  },
  {
    kind: 'br-cpf',
    label: 'Brazilian CPF number',
    severity: 'high',
    country: 'BR',
    source: 'https://www.gov.br/receitafederal/pt-br/assuntos/meu-cpf',
    shapes: ['d3.d3.d3-d2', 'd9-d2', 'd11'],
    isValid: isCpf,
    words: ['cpf', 'cadastro de pessoas fisicas', 'contribuinte'],
    named: 'high',
    bare: { grouped: 'high' },
  },
  {
    kind: 'cl-rut',
    label: 'Chilean RUT number',
    severity: 'high',
    country: 'CL',
    source: 'https://www.registrocivil.cl',
    shapes: ['d2.d3.d3-d1', 'd1.d3.d3-d1', 'd2.d3.d3-A1', 'd1.d3.d3-A1', 'd8-d1', 'd7-d1', 'd8-A1', 'd7-A1'],
    isValid: isRut,
    words: ['rut', 'run', 'rol unico*'],
    named: 'high',
  },
  {
    kind: 'mx-curp',
    label: 'Mexican CURP',
    severity: 'high',
    country: 'MX',
    source: 'https://www.gob.mx/curp',
    shapes: ['A4d6A6d2', 'A4d6A7d1'],
    isValid: isCurp,
    words: ['curp'],
    named: 'high',
    bare: { compact: 'high' },
  },
];
