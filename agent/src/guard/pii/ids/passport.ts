import type { IdRule } from '../id-rule.ts';

/** Check digits stand in the machine-readable zone only (ICAO Doc 9303), so a word must say what the number is. */
export const passport: IdRule = {
  kind: 'passport-number',
  label: 'passport number',
  severity: 'critical',
  source: 'https://www.icao.int/publications/doc-series/doc-9303',
  shapes: ['d9', 'd8', 'd7', 'A1d8', 'A1d7', 'A1d6', 'A2d7', 'A2d6', 'd2A2d5', 'w9'],
  isValid: (characters) => (characters.match(/\d/g)?.length ?? 0) >= 4 && !/^(.)\1+$/.test(characters),
  words: [
    'passport',
    'passport no',
    'passport number',
    'passport nr',
    'reisepass*',
    'passnummer',
    'passeport',
    'pasaporte',
    'passaporto',
    'passaporte',
    'paspoort*',
    'pass nr',
    'passi',
    'paszport*',
    'pasaport',
    '护照',
    'パスポート',
    '여권',
  ],
  named: 'medium',
};
