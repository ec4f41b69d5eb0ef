/** RFC 6901 section 3: `~` and `/` in a key are written `~0` and `~1`. */
const escapeToken = (key: string): string =>
  key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;

export const childPointer = (pointer: string, key: string): string => `${pointer}/${escapeToken(key)}`;

/** RFC 6901 section 4. The empty pointer is the whole document: no tokens. */
export function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((token) => (token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token));
}
