/** RFC 6901 section 3: `~` and `/` in a key are written `~0` and `~1`. */
const escapeToken = (key: string): string =>
  key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;

export const childPointer = (pointer: string, key: string): string => `${pointer}/${escapeToken(key)}`;

/**
 * Where a text belongs to the string at `pointer` without being it: a member's name, another spelling. No document has
 * such a place (RFC 6901 section 3: `~` stands before 0 or 1), so an edit of one is never taken for one of the other.
 */
export const asidePointer = (pointer: string): string => `${pointer}~`;

/** RFC 6901 section 4. The empty pointer is the whole document: no tokens. */
export function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((token) => (token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token));
}
