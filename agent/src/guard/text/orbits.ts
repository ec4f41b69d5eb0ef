/**
 * Characters that differ in case only: `k`, `K` and the Kelvin sign are one orbit. At least as wide as RE2's own (it
 * keeps the dotless i apart), since it serves to rule text out before an expression is asked.
 */

const CASED = /\p{Changes_When_Casemapped}/u;
/** No script beyond has upper and lower case (Adlam is the last one). */
const LAST_CASED = 0x1e943;

interface Orbits {
  readonly keyOf: ReadonlyMap<number, number>;
  readonly members: ReadonlyMap<number, readonly number[]>;
}

let orbits: Orbits | undefined;

function all(): Orbits {
  if (orbits !== undefined) return orbits;
  const keyOf = new Map<number, number>();
  const members = new Map<number, number[]>();
  for (let point = 1; point <= LAST_CASED; point++) {
    if (!CASED.test(String.fromCodePoint(point))) continue;
    const key = keyFor(point);
    keyOf.set(point, key);
    const orbit = members.get(key) ?? [];
    orbit.push(point);
    members.set(key, orbit);
  }
  orbits = { keyOf, members };
  return orbits;
}

function keyFor(point: number): number {
  const character = String.fromCodePoint(point);
  const upper = onlyPoint(character.toUpperCase()) ?? point;
  return onlyPoint(String.fromCodePoint(upper).toLowerCase()) ?? upper;
}

function onlyPoint(text: string): number | undefined {
  const [first, ...rest] = text;
  return rest.length > 0 ? undefined : first?.codePointAt(0);
}

/** One and the same for all that differ in case only. */
export const caseKey = (point: number): number => all().keyOf.get(point) ?? point;

export const caseOrbit = (point: number): readonly number[] => all().members.get(caseKey(point)) ?? [point];

/** Units other than ASCII letters whose case key is another character. */
export function* foldedUnits(): Generator<{ readonly unit: number; readonly key: number }> {
  for (const [point, key] of all().keyOf) if (point !== key && point < 65_536) yield { unit: point, key };
}
