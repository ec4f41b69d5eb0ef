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
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`no canonical JSON for ${value}`);
    return JSON.stringify(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key.toWellFormed())}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
