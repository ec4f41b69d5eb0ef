/** What a character is to the walk through a text: which ones can begin something, which ones make up a word. */

export const LOWER = 1;
export const UPPER = 2;
export const DIGIT = 3;
const AT_SIGN = 4;
const PLUS = 5;
const PARENTHESIS = 6;

export const starts = { atSign: AT_SIGN, plus: PLUS, parenthesis: PARENTHESIS } as const;

/** By ASCII code. */
const CLASS = new Uint8Array(128);
for (let unit = 0x61; unit <= 0x7a; unit++) CLASS[unit] = LOWER;
for (let unit = 0x41; unit <= 0x5a; unit++) CLASS[unit] = UPPER;
for (let unit = 0x30; unit <= 0x39; unit++) CLASS[unit] = DIGIT;
CLASS[0x5f] = LOWER;
CLASS[0x40] = AT_SIGN;
CLASS[0x2b] = PLUS;
CLASS[0x28] = PARENTHESIS;

/** 0 for all that is neither part of a word nor the start of a match; everything beyond ASCII is (Chinese has no blanks). */
export const classAt = (text: string, index: number): number => {
  const unit = text.charCodeAt(index);
  return unit < 128 ? (CLASS[unit] as number) : 0;
};

/** ASCII letters, digits and the underscore: identifiers are one word, so a number inside one never begins a match. */
export const isWordAt = (text: string, index: number): boolean => {
  const found = classAt(text, index);
  return found > 0 && found <= DIGIT;
};

/** End of the word that goes through `index`. Most of a text's time is spent here, so the table is read in place. */
export function wordEnd(text: string, index: number): number {
  for (let end = index; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit > 127) return end;
    const found = CLASS[unit] as number;
    if (found === 0 || found > DIGIT) return end;
  }
  return text.length;
}

/** The next character from `index` on that is part of a word or starts something, or the end. */
export function nextStart(text: string, index: number): number {
  for (let at = index; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 128 && CLASS[unit] !== 0) return at;
  }
  return text.length;
}

export const isDigitAt = (text: string, index: number): boolean => {
  const unit = text.charCodeAt(index);
  return unit >= 0x30 && unit <= 0x39;
};

const BACKSLASH = 0x5c;

/** True if a word starts at `index`: also after an escaped line break (`\n` of JSON in JSON), although that ends in a letter. */
export function startsWord(text: string, index: number): boolean {
  if (index === 0 || !isWordAt(text, index - 1)) return true;
  return (
    index >= 2 &&
    text.charCodeAt(index - 2) === BACKSLASH &&
    /[nrt]/.test(text[index - 1] as string) &&
    text.charCodeAt(index - 3) !== BACKSLASH
  );
}

/** The separators people put into numbers, as `' '`, `'-'`, `'.'`, `'/'`; undefined for any other character. */
export function separatorAt(text: string, index: number): string | undefined {
  switch (text.charCodeAt(index)) {
    case 0x20:
    case 0xa0:
    case 0x2009:
    case 0x202f:
      return ' ';
    case 0x2d:
    case 0x2010:
    case 0x2011:
    case 0x2013:
      return '-';
    case 0x2e:
      return '.';
    case 0x2f:
      return '/';
    case 0x2b:
      return '+';
    default:
      return undefined;
  }
}

/** True if what starts at `index` goes on from a word before it: a UUID's next group, decimals, a path. */
export function isJoinedBefore(text: string, index: number): boolean {
  const before = text[index - 1];
  if (before === '$' || before === '€' || before === '£') return true;
  return (
    (before === '-' || before === '.' || before === '/' || before === '\\' || before === "'") &&
    index > 1 &&
    isWordAt(text, index - 2) &&
    !isShortLabel(text, index - 2, before)
  );
}

/** `No.123`, `ID-123`: a few letters that aren't hexadecimal, nothing more. */
function isShortLabel(text: string, last: number, joint: string): boolean {
  if (joint !== '.' && joint !== '-') return false;
  let start = last;
  while (start >= 0 && last - start < 6 && isWordAt(text, start)) {
    if (classAt(text, start) === DIGIT) return false;
    start--;
  }
  return (
    last - start < 6 && /[^A-Fa-f]/.test(text.slice(start + 1, last + 1)) && separatorAt(text, start) !== '-'
  );
}

/** True if what ends at `end` goes on: a decimal, an address, a UUID's next group. Reads `text[end]` and the one after. */
export function isJoinedAfter(text: string, end: number): boolean {
  const after = text[end];
  if (after === '@' || after === '%') return true;
  return (after === '-' || after === '.' || after === '/' || after === "'") && isWordAt(text, end + 1);
}
