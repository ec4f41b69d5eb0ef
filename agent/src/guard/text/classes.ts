/**
 * What characters mean to someone who looks for words. Scripts written without spaces (Chinese, Japanese, Thai …) and
 * Korean, which joins particles to names, have no word boundaries to go by: each character is a token of its own.
 */

export const OTHER = 0;
/** Letters and digits: a run of them is a word. */
export const WORD = 1;
/** A letter that is a token by itself. */
export const SINGLE = 2;
export const SPACE = 3;
/** Belongs to the character before it. From here on, classes don't end what is before them. */
export const MARK = 4;
/** Invisible (soft hyphen, zero-width and direction marks): as if it weren't there. */
export const IGNORED = 5;
export const SURROGATE = 6;

const SPACELESS =
  '\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}';

/** The first that fits. Medial vowels and finals of decomposed Korean belong to the consonant before them. */
const CLASSES: readonly (readonly [number, RegExp])[] = [
  [IGNORED, /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u],
  [MARK, /[\p{M}\u1160-\u11ff\ud7b0-\ud7ff]/u],
  [SPACE, /[\s\u0085]/u],
  [SINGLE, new RegExp(`(?=[\\p{L}\\p{N}])[${SPACELESS}]`, 'u')],
  [WORD, /[\p{L}\p{N}]/u],
];

export function classOfPoint(point: number): number {
  const character = String.fromCodePoint(point);
  for (const [name, expression] of CLASSES) if (expression.test(character)) return name;
  return OTHER;
}

let table: Uint8Array | undefined;

/** Class of every UTF-16 code unit (20 ms, once per process). */
export function classTable(): Uint8Array {
  if (table !== undefined) return table;
  table = new Uint8Array(65_536);
  for (let unit = 0; unit < 65_536; unit++) {
    table[unit] = unit >= 0xd800 && unit < 0xe000 ? SURROGATE : classOfPoint(unit);
  }
  return table;
}
