/** Seeded randomness for tests, and credentials of a given shape put together at run time, so that none is in the sources. */

export interface Random {
  /** Integer from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: ArrayLike<T>): T;
}

/** Mulberry32: the same seed, the same numbers. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return { below, pick: (items) => items[below(items.length)] as never };
}

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();

const ALPHABETS: Readonly<Record<string, string>> = {
  A: UPPER + LOWER + DIGITS,
  u: `${UPPER + LOWER + DIGITS}-_`,
  b: `${UPPER + LOWER + DIGITS}+/`,
  h: `${DIGITS}abcdef`,
  H: `${DIGITS}ABCDEF`,
  d: DIGITS,
  l: LOWER + DIGITS,
  U: UPPER + DIGITS,
};

/**
 * Text of a documented shape: `{A36}` is 36 letters and digits, `{u20}` base64url, `{b40}` base64, `{h32}` hex, `{d10}`
 * digits, `{l26}` lower case and digits, `{U16}` upper case and digits, `{uuid}` a UUID; all else stands for itself.
 */
export function ofShape(shape: string, random: Random): string {
  return shape
    .replaceAll('{uuid}', '{h8}-{h4}-4{h3}-a{h3}-{h12}')
    .replace(/\{([AubhHdlU])(\d+)\}/g, (_, alphabet: string, length: string) => {
      const characters = ALPHABETS[alphabet] as string;
      let text = '';
      while (text.length < Number(length)) {
        const next = random.pick(characters);
        // Two of a kind in a row are as rare in real keys as they are confusing in tests of boundaries.
        if (next !== text.at(-1)) text += next;
      }
      return text;
    });
}

/** Cuts text into pieces of one to `longest` characters, anywhere, surrogate pairs included. */
export function cutAtRandom(text: string, longest: number, random: Random): string[] {
  const pieces: string[] = [];
  for (let i = 0; i < text.length; ) {
    const length = 1 + random.below(longest);
    pieces.push(text.slice(i, i + length));
    i += length;
  }
  return pieces;
}
