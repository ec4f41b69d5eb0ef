/**
 * How many tokens a text has, without a tokenizer. One pass over character classes: a token is about a word, a piece
 * of a long word, three digits, a few punctuation marks or one ideograph. The weights were fitted to OpenAI's o200k
 * vocabulary over 22 kinds of text; the decision record has the figures. Nothing is allocated.
 */
import { type Tokens, tokens } from '../core/units.ts';

const SPACE = 1;
const NEWLINE = 2;
const LOWER = 3;
const UPPER = 4;
const DIGIT = 5;
const PUNCTUATION = 6;
const OTHER = 7;

const ASCII_CLASS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === 0x20 || code === 0x09) return SPACE;
  if (code === 0x0a || code === 0x0d) return NEWLINE;
  if (code >= 0x61 && code <= 0x7a) return LOWER;
  if (code >= 0x41 && code <= 0x5a) return UPPER;
  if (code >= 0x30 && code <= 0x39) return DIGIT;
  return PUNCTUATION;
});

const WORD = 0.788;
/** Letters of a word beyond the seventh: long words are cut into pieces. */
const LONG_WORD_LETTER = 0.462;
const LONG_WORD_LETTERS = 7;
const CAPITAL_START = 1.193;
const FURTHER_CAPITAL = 0.3;
const NUMBER = 1.405;
/** o200k takes digits in threes. */
const DIGITS_PER_TOKEN = 3;
const PUNCTUATION_START = 0.484;
const FURTHER_PUNCTUATION = 0.353;
/** Two or more blanks in a row; a single one belongs to the word after it. */
const INDENT = 2.111;
const ACCENTED_LETTER = 1.204;

/** Estimated tokens of a text; 0 for the empty one. Grows with every appended character or stays the same. */
export const estimateTokens = (text: string): Tokens => tokens(Math.ceil(tokenWeight(text)));

/** The same before rounding, for texts that come in pieces: their weights can be added up. */
export function tokenWeight(text: string): number {
  let sum = 0;
  let previous = 0;
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    let kind = OTHER;
    if (code < 128) kind = ASCII_CLASS[code] as number;
    else if (code < 0x250) {
      sum += ACCENTED_LETTER;
      kind = LOWER;
    } else sum += perCharacter(code);
    // "Word": one capital and its small letters are one run.
    if (kind === LOWER && previous === UPPER && run === 1) {
      previous = LOWER;
      run = 2;
      continue;
    }
    run = kind === previous ? run + 1 : 1;
    previous = kind;
    if (kind !== OTHER) sum += run === 1 ? startOf(kind) : furtherIn(kind, run);
  }
  return sum;
}

function startOf(kind: number): number {
  if (kind === LOWER) return WORD;
  if (kind === UPPER) return CAPITAL_START;
  if (kind === DIGIT) return NUMBER;
  return kind === PUNCTUATION ? PUNCTUATION_START : 0;
}

function furtherIn(kind: number, run: number): number {
  if (kind === LOWER) return run > LONG_WORD_LETTERS ? LONG_WORD_LETTER : 0;
  if (kind === UPPER) return FURTHER_CAPITAL;
  if (kind === DIGIT) return run % DIGITS_PER_TOKEN === 1 ? 1 : 0;
  if (kind === PUNCTUATION) return FURTHER_PUNCTUATION;
  return kind === SPACE && run === 2 ? INDENT : 0;
}

/** By Unicode block, for scripts whose words the vocabulary cuts into shorter pieces. */
function perCharacter(code: number): number {
  if (code >= 0x370 && code < 0x530) return 0.278; // Greek, Cyrillic
  if (code >= 0x3400 && code < 0xa000) return 0.892; // Han
  if (code >= 0x3040 && code < 0x3100) return 0.628; // Hiragana, Katakana
  if (code >= 0xac00 && code < 0xd7b0) return 0.722; // Hangul
  if (code >= 0xd800 && code < 0xe000) return 1; // half a surrogate pair: emoji
  return 0.593;
}
