/**
 * Case folding of Unicode text, for comparison only. `STRASSE`, `straße` and `Straße` fold to one text; where
 * accents are ignored, so do `Müller` and `Muller`. Follows Unicode's CaseFolding (C + F) and NFC: a character that folds to
 * several is no problem to callers that count in the text and compare in the folded text.
 */

/** Accents of Latin, Greek and Cyrillic letters. Marks of other scripts are part of the spelling. */
const ACCENTS = /[\u0300-\u036f]+/g;
const DOTLESS_I = 0x131;

/** `none`: NFC only, so that one spelling doesn't depend on how accents are encoded. */
export type Folding = 'none' | 'case' | 'case-and-accents' | 'accents';

/** One character, folded. Empty for an accent, if those are ignored. */
function foldPoint(point: number, folding: Folding): string {
  const composed = String.fromCodePoint(point).normalize('NFC');
  const keepsCase = folding === 'none' || folding === 'accents';
  // JavaScript's upper case of the dotless i is I; Unicode folds it to nothing but itself.
  // Lower case first, for the capital sharp s.
  const folded =
    keepsCase || point === DOTLESS_I ? composed : composed.toLowerCase().toUpperCase().toLowerCase();
  const keepsAccents = folding === 'none' || folding === 'case';
  return keepsAccents ? folded : folded.normalize('NFD').replace(ACCENTS, '').normalize('NFC');
}

export function foldText(text: string, folding: Folding): string {
  let folded = '';
  for (const character of text.normalize('NFC')) {
    folded += foldPoint(character.codePointAt(0) as number, folding);
  }
  return folded;
}

/** Stands in a table for units whose fold isn't one unit: fold the text itself. */
export const FOLDS_APART = 0;

const tables = new Map<Folding, Uint16Array>();

/** Fold of every UTF-16 code unit that stands for itself (20 ms, once per process). */
export function foldTable(folding: Folding): Uint16Array {
  const known = tables.get(folding);
  if (known !== undefined) return known;
  const table = new Uint16Array(65_536);
  for (let unit = 1; unit < 65_536; unit++) {
    if (unit >= 0xd800 && unit < 0xe000) continue;
    // Most of these scripts know no case and no composed forms.
    const plain = (unit >= 0x3400 && unit < 0xa640) || (unit >= 0xac00 && unit < 0xd7a4);
    const folded = plain ? undefined : foldPoint(unit, folding);
    table[unit] = folded === undefined ? unit : folded.length === 1 ? folded.charCodeAt(0) : FOLDS_APART;
  }
  tables.set(folding, table);
  return table;
}
