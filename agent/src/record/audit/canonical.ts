/**
 * Canonical JSON as in RFC 8785 (JCS): the one text that a value has, so that its hash can be recomputed by anyone.
 * Keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them.
 * Members that are `undefined` are left out; lone surrogates become U+FFFD, since JCS (3.2.2.2) has no text for them.
 */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Throws RangeError for NaN and infinities, which JSON can't express. */
export function canonicalJson(value: Json): string {
  if (isInOrder(value)) {
    const text = JSON.stringify(value);
    if (!LONE_SURROGATE.test(text)) return text;
  }
  return ordered(value);
}

/** `JSON.stringify` writes a lone surrogate as an escape. (A backslash in the text may look the same: then it is only slower.) */
const LONE_SURROGATE = /\\ud[89a-f]/;

/** True if the keys stand in canonical order already: ECMAScript's own JSON is canonical then, at a fraction of the cost. */
function isInOrder(value: Json | undefined): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (isList(value)) return value.every(isInOrder);
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if ((before !== undefined && key < before) || !isInOrder(value[key])) return false;
    before = key;
  }
  return true;
}

function ordered(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`no canonical JSON for ${value}`);
    // JCS 3.2.2.3 takes ECMAScript's own form, but for minus zero.
    return value === 0 ? '0' : String(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  return isList(value) ? list(value) : members(value);
}

function list(value: readonly Json[]): string {
  let text = '';
  for (const item of value) text += `${text === '' ? '' : ','}${ordered(item)}`;
  return `[${text}]`;
}

function members(value: { readonly [key: string]: Json | undefined }): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${ordered(member)}`;
  }
  return `{${text}}`;
}

/** Anything that JSON.stringify would write otherwise than between plain quotes; most strings have none of it. */
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

const quoted = (text: string): string =>
  NEEDS_ESCAPE.test(text) ? JSON.stringify(text.toWellFormed()) : `"${text}"`;

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
