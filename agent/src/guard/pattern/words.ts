/** RE2's complaints, in words that say what to do. https://github.com/google/re2/wiki/Syntax */

interface Explanation {
  readonly message: string;
  readonly mend: string;
}

const SEE = 'See https://github.com/google/re2/wiki/Syntax.';

/** By what stands in the expression: RE2 only knows that it doesn't know these. The first that fits. */
const UNSUPPORTED: readonly (readonly [RegExp, string, string])[] = [
  [
    /\(\?<?[=!]/,
    "Look-ahead and look-behind aren't supported: they can't be matched in linear time.",
    'Match the context too, or use "near" for words close by.',
  ],
  [
    /\\[1-9]|\(\?P=|\\k</,
    "Back-references aren't supported: they can't be matched in linear time.",
    'Write the repeated part out.',
  ],
  [
    /\(\?>|[+*?}]\+/,
    "Atomic groups and possessive quantifiers aren't supported, and aren't needed here.",
    'Use a plain group or quantifier: matching is linear anyway.',
  ],
  [
    /\(\?#|\(\?[a-z]*x/,
    "Comments and free spacing in an expression aren't supported.",
    'Put the comment into the YAML, after "#".',
  ],
  [
    /\\[ZGRXhHKu]|\\c[A-Z]/,
    "This escape isn't supported.",
    `Use \\x{41} for a character by its number, \\z for the end of the text. ${SEE}`,
  ],
];

const COMPLAINTS: readonly (readonly [RegExp, string, string])[] = [
  [
    /missing closing \)|missing parenthesis/,
    'A "(" is never closed.',
    'Add ")", or write "\\(" for the character itself.',
  ],
  [/unexpected \)/, 'A ")" closes nothing.', 'Remove it, or write "\\)" for the character itself.'],
  [/missing closing \]/, 'A "[" is never closed.', 'Add "]", or write "\\[" for the character itself.'],
  [
    /character class range/,
    "A range or class between brackets isn't known or runs backwards.",
    `Write it like [a-z] or \\p{Greek}. ${SEE}`,
  ],
  [
    /repeat count|repetition size/,
    'A repetition count is too large: 1,000 is the most, nested ones multiplied.',
    'Use a smaller count, or "+".',
  ],
  [
    /missing argument to repetition/,
    'There is nothing before "*", "+", "?" or "{" to repeat.',
    'Put something before it, or a "\\" if the character itself is meant.',
  ],
  [/nested repetition/, 'Two quantifiers follow each other.', 'Put the first one into a group: "(?:a+)*".'],
  [
    /trailing backslash/,
    'The expression ends with a single "\\".',
    'Write "\\\\" for the character itself. In YAML, use single quotes.',
  ],
  [
    /invalid escape/,
    'An escape after "\\" isn\'t known.',
    `Write the character without "\\" if it is a plain one. ${SEE}`,
  ],
  [/named capture/, "A group's name isn't valid.", 'Write it like (?P<name>...), or use a plain group.'],
  [/too large|expression nests too deeply/, 'This expression is too large or nested too deep.', 'Split it.'],
];

/** `complaint`: `error parsing regexp: missing closing ): …`. */
export function explainSyntax(source: string, complaint: string): Explanation {
  const plain = source.replace(/\\\\/g, '');
  for (const [sign, message, mend] of UNSUPPORTED) if (sign.test(plain)) return { message, mend };
  for (const [sign, message, mend] of COMPLAINTS) if (sign.test(complaint)) return { message, mend };
  const detail = complaint.replace(/^error parsing regexp: /, '').slice(0, 120);
  return { message: `This isn't a valid expression (${detail}).`, mend: `Use RE2 syntax. ${SEE}` };
}
