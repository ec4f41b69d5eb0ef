/** Payment cards: issuer prefix, length, Luhn (ISO/IEC 7812-1), and the groups that are printed on them. */
import { isLuhn } from './checksums.ts';
import type { IdRule } from './id-rule.ts';

interface Issuer {
  readonly from: string;
  readonly to: string;
  readonly lengths: readonly number[];
}

const SIXTEEN_UP = [16, 17, 18, 19] as const;
const issuer = (from: string, to: string, ...lengths: number[]): Issuer => ({ from, to, lengths });

/** Ranges as the schemes publish them; `from` and `to` are prefixes of equal length. */
const ISSUERS: readonly Issuer[] = [
  issuer('4', '4', 13, 16, 19), // Visa
  issuer('51', '55', 16), // Mastercard
  issuer('2221', '2720', 16), // Mastercard, since 2017
  issuer('34', '34', 15), // American Express
  issuer('37', '37', 15),
  issuer('6011', '6011', ...SIXTEEN_UP), // Discover
  issuer('644', '649', ...SIXTEEN_UP),
  issuer('65', '65', ...SIXTEEN_UP), // Discover, RuPay, Troy
  issuer('300', '305', 14, ...SIXTEEN_UP), // Diners Club
  issuer('3095', '3095', 14, ...SIXTEEN_UP),
  issuer('36', '36', 14, ...SIXTEEN_UP),
  issuer('38', '39', 14, ...SIXTEEN_UP),
  issuer('3528', '3589', ...SIXTEEN_UP), // JCB
  issuer('62', '62', ...SIXTEEN_UP), // UnionPay
  issuer('8100', '8171', ...SIXTEEN_UP),
  issuer('2200', '2204', ...SIXTEEN_UP), // Mir
  issuer('5018', '5018', ...SIXTEEN_UP), // Maestro; its 12 to 15 digits are too little evidence
  issuer('5020', '5020', ...SIXTEEN_UP),
  issuer('5038', '5038', ...SIXTEEN_UP),
  issuer('5893', '5893', ...SIXTEEN_UP),
  issuer('6304', '6304', ...SIXTEEN_UP),
  issuer('6759', '6759', ...SIXTEEN_UP),
  issuer('6761', '6763', ...SIXTEEN_UP),
  issuer('5019', '5019', 16), // Dankort
  issuer('508', '508', 16), // RuPay
  issuer('60', '60', 16),
  issuer('81', '82', 16),
  issuer('9792', '9792', 16), // Troy
];

export const hasIssuer = (digits: string): boolean =>
  ISSUERS.some(({ from, to, lengths }) => {
    const prefix = digits.slice(0, from.length);
    return prefix >= from && prefix <= to && lengths.includes(digits.length);
  });

/** Numbers that payment providers publish for testing (https://docs.stripe.com/testing, https://docs.adyen.com/development-resources/test-cards-and-credentials/). */
const TEST_CARDS: readonly string[] = [
  '4111111111111111',
  '4242424242424242',
  '4000056655665556',
  '4000000000000002',
  '4000000000003220',
  '4000000000009995',
  '4012888888881881',
  '4222222222222',
  '5555555555554444',
  '2223003122003222',
  '5200828282828210',
  '5105105105105100',
  '2223000048400011',
  '378282246310005',
  '371449635398431',
  '378734493671000',
  '6011111111111117',
  '6011000990139424',
  '3056930009020004',
  '30569309025904',
  '38520000023237',
  '36227206271667',
  '3566002020360505',
  '3530111333300000',
  '6200000000000005',
  '4917610000000000',
  '5454545454545454',
  '4444333322221111',
];

const isCard = (digits: string): boolean => {
  if (!hasIssuer(digits) || !isLuhn(digits)) return false;
  // Round numbers in code and tables have long runs of one digit; a card's account number hardly ever does.
  return TEST_CARDS.includes(digits) || !/(\d)\1{7}/.test(digits);
};

export const cards: IdRule = {
  kind: 'card-number',
  label: 'payment card number',
  severity: 'critical',
  source: 'https://www.iso.org/standard/70484.html',
  shapes: [
    'd13',
    'd14',
    'd15',
    'd16',
    'd17',
    'd18',
    'd19',
    'd4[ -.]d4[ -.]d4[ -.]d4',
    'd4[ -]d4[ -]d4[ -]d4[ -]d3',
    'd4[ -]d6[ -]d5',
    'd4[ -]d6[ -]d4',
    'd4[ -]d3[ -]d3[ -]d3',
  ],
  isValid: isCard,
  words: [
    'card',
    'cards',
    'cc',
    'pan',
    'credit',
    'debit',
    'visa',
    'mastercard',
    'amex',
    'kreditkarte*',
    'kartennummer',
    'carte',
    'tarjeta',
    'carta',
    'cartao',
    'kort*',
    'karta',
    'ccnum*',
    'creditcard*',
  ],
  named: 'high',
  bare: { grouped: 'high', compact: 'high' },
  examples: TEST_CARDS,
};
