/**
 * Words before a number that say what it is. Names are split the way programmers join them (`taxFileNumber`,
 * `tax_file_number`), accents are dropped; a word counts only as a whole, or from its start if it ends in `*`. Words in
 * scripts without blanks count anywhere.
 */

/** How far before a number its name may stand. */
export const CONTEXT_CHARACTERS = 72;

/** Another long number in between takes the words before it for itself. */
const LAST_NUMBER = /^[\s\S]*\d[\d ./-]{4,40}\d/;

/** The text before `start`, as one line of lower-case words between blanks. */
export const contextBefore = (text: string, start: number): string =>
  plainWords(text.slice(Math.max(0, start - CONTEXT_CHARACTERS), start).replace(LAST_NUMBER, ''));

function plainWords(text: string): string {
  const words = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9\u0080-\uffff]+/g, ' ')
    .trim();
  return ` ${words} `;
}

export interface ContextWords {
  /** Where the last of the words stands in the context, or -1: the larger, the nearer. */
  lastIn(context: string): number;
}

export function contextWords(words: readonly string[]): ContextWords {
  const needles = words.map((word) => {
    const plain = plainWords(word);
    if (plain.charCodeAt(1) > 0x7f) return plain.trim();
    return word.endsWith('*') ? plain.trimEnd() : plain;
  });
  return {
    lastIn(context) {
      let last = -1;
      for (const needle of needles) last = Math.max(last, context.lastIndexOf(needle));
      return last;
    },
  };
}
