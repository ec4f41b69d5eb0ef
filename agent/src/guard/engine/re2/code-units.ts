/** Sets of UTF-16 code units, as sorted ranges: what one step of an expression can read. */
export type CodeUnits = readonly (readonly [number, number])[];

const LAST = 0xffff;
export const ANY: CodeUnits = [[0, LAST]];
export const WORD: CodeUnits = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
export const DIGIT: CodeUnits = [[48, 57]];
/** RE2's `\s`: no vertical tab, unlike JavaScript's. */
export const SPACE: CodeUnits = [
  [9, 10],
  [12, 13],
  [32, 32],
];
export const NEWLINE: CodeUnits = [[10, 10]];

export const one = (unit: number): CodeUnits => [[unit, unit]];

export function union(sets: readonly CodeUnits[]): CodeUnits {
  const sorted = sets.flat().sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

export function complement(set: CodeUnits): CodeUnits {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [low, high] of union([set])) {
    if (low > from) rest.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= LAST) rest.push([from, LAST]);
  return rest;
}

export const intersects = (a: CodeUnits, b: CodeUnits): boolean =>
  a.some(([low, high]) => b.some(([otherLow, otherHigh]) => low <= otherHigh && otherLow <= high));

const CASE_DISTANCE = 32;

/** With the other case of every ASCII letter in it. */
export function foldCase(set: CodeUnits): CodeUnits {
  const shifted: [number, number][] = [];
  for (const [low, high] of set) {
    const upper = [Math.max(low, 65), Math.min(high, 90)] as const;
    const lower = [Math.max(low, 97), Math.min(high, 122)] as const;
    if (upper[0] <= upper[1]) shifted.push([upper[0] + CASE_DISTANCE, upper[1] + CASE_DISTANCE]);
    if (lower[0] <= lower[1]) shifted.push([lower[0] - CASE_DISTANCE, lower[1] - CASE_DISTANCE]);
  }
  return union([set, shifted]);
}

/** The ASCII letter (lower case), digit or sign that alone is in the set, in whatever case; undefined if there are more. */
export function soleCharacter(set: CodeUnits): string | undefined {
  const units = set.flatMap(([low, high]) => (high - low > 1 ? [] : low === high ? [low] : [low, high]));
  const folded = new Set(units.map((unit) => String.fromCharCode(unit).toLowerCase()));
  const [character] = folded;
  const total = set.reduce((sum, [low, high]) => sum + high - low + 1, 0);
  if (total !== units.length || folded.size !== 1 || character === undefined) return undefined;
  return character.charCodeAt(0) < 128 ? character : undefined;
}

/** As a class of a JavaScript expression. */
export const toScript = (set: CodeUnits): string =>
  `[${set.map(([low, high]) => range(low, high, (unit) => `\\u${unit.toString(16).padStart(4, '0')}`)).join('')}]`;

/** As a class of an RE2 expression; there a set that reaches the last code unit reaches the last character too. */
export const toRe2 = (set: CodeUnits): string =>
  `[${set.map(([low, high]) => range(low, high === LAST ? 0x10ffff : high, (unit) => `\\x{${unit.toString(16)}}`)).join('')}]`;

const range = (low: number, high: number, write: (unit: number) => string): string =>
  low === high ? write(low) : `${write(low)}-${write(high)}`;
