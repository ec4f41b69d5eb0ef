import { asidePointer, childPointer } from './pointer.ts';

/** Nesting that no real call comes near; a guard for our own stack, since JSON.parse itself takes any depth. */
const MAX_JSON_DEPTH = 200;

/**
 * Keys that could themselves hold a secret: long, and not just an identifier made of words. They have no pointer, so
 * they can be scanned but not edited.
 */
const LONG_KEY = 16;
const IDENTIFIER = /^[A-Za-z_]+$/;

export const isLongName = (key: string): boolean => key.length >= LONG_KEY && !IDENTIFIER.test(key);

/** `isKey`: the text is a member's name, and `pointer` stands beside its value. */
export type StringVisitor = (text: string, pointer: string, isKey: boolean) => void;

/**
 * Shows every string inside a JSON value, with its pointer. Members named in `skip` (ids, signatures, ciphertext)
 * are left out, unless they hold objects. Returns false if the value is nested too deeply to be read whole.
 */
export function visitStrings(
  value: unknown,
  pointer: string,
  visit: StringVisitor,
  skip?: ReadonlySet<string>,
  depth = 0,
): boolean {
  if (typeof value === 'string') {
    if (value !== '') visit(value, pointer, false);
    return true;
  }
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_JSON_DEPTH) return false;
  let whole = true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      // Vectors and token ids come by the hundred thousand: no pointer for each.
      if (typeof value[i] === 'string' || typeof value[i] === 'object') {
        whole = visitStrings(value[i], `${pointer}/${i}`, visit, skip, depth + 1) && whole;
      }
    }
    return whole;
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    // A schema can describe a property called `type`: then it isn't the keyword, and its words count.
    if (skip?.has(key) && (typeof member !== 'object' || member === null || Array.isArray(member))) continue;
    const place = childPointer(pointer, key);
    if (isLongName(key)) visit(key, asidePointer(place), true);
    whole = visitStrings(member, place, visit, skip, depth + 1) && whole;
  }
  return whole;
}
