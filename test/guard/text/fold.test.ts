import { expect, it } from 'vitest';
import { FOLDS_APART, foldTable, foldText } from '../../../agent/src/guard/text/fold.ts';

it.each([
  ['STRASSE', 'straße'],
  ['ſecret', 'SECRET'],
  ['\u212aelvin', 'kelvin'],
  ['ΣΟΦΟΣ', 'σοφος'],
  ['Σοφός', 'ΣΟΦΌΣ'],
  ['cafe\u0301', 'CAFÉ'],
  ['ﬁn', 'FIN'],
  ['\u{10400}', '\u{10428}'],
  ['\u2126', 'ω'],
])('%s and %s fold to one text', (a, b) => {
  expect(foldText(a, 'case')).toBe(foldText(b, 'case'));
});

it.each([
  ['ı', 'i', 'case'],
  ['Müller', 'Muller', 'case'],
  ['Acme', 'acme', 'none'],
  ['が', 'か', 'case-and-accents'],
] as const)('%s and %s stay apart (%s)', (a, b, folding) => {
  expect(foldText(a, folding)).not.toBe(foldText(b, folding));
});

it('ignores accents only where that is asked for', () => {
  expect(foldText('MÜLLER', 'case-and-accents')).toBe('muller');
  expect(foldText('Mu\u0308ller', 'accents')).toBe('Muller');
  expect(foldText('Ángström', 'none')).toBe('Ángström');
});

it.each(['none', 'case', 'accents', 'case-and-accents'] as const)(
  'has a table that says the same (%s)',
  (folding) => {
    const table = foldTable(folding);
    for (let unit = 1; unit < 65_536; unit++) {
      if (unit >= 0xd800 && unit < 0xe000) continue;
      const folded = foldText(String.fromCharCode(unit), folding);
      const expected = folded.length === 1 ? folded.charCodeAt(0) : FOLDS_APART;
      if (table[unit] !== expected) expect(unit.toString(16)).toBe('the same');
    }
  },
);
