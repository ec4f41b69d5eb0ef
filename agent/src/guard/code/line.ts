/**
 * Tells code from prose, one line at a time, by what can be counted: signs, plain words, how the line ends. No language
 * is known here; languages.ts says whether what looks like code is any.
 */

/** `comment` may open code (`//`), `note` only stands in it (`#` also begins a heading); `closer` closes something. */
type LineVerdict = 'code' | 'prose' | 'comment' | 'note' | 'closer' | 'neutral' | 'blank' | 'fence';

export interface Line {
  readonly verdict: LineVerdict;
  /** Characters that aren't white space. */
  readonly weight: number;
  /** The line without what quotes it: line numbers, diff signs. */
  readonly text: string;
}

const SIGN = 1;
const LETTER = 2;
const SPACE = 3;
const classes = new Uint8Array(128);
for (const sign of '{}[]();=<>&|!$\\+*_^~@#%') classes[sign.charCodeAt(0)] = SIGN;
for (let unit = 65; unit <= 90; unit++) {
  classes[unit] = LETTER;
  classes[unit + 32] = LETTER;
}
for (const space of ' \t\r\f\v') classes[space.charCodeAt(0)] = SPACE;
const OPENING_PARENTHESIS = 40;
const COMMA = 44;
const DOT = 46;

/** How editors' and agents' tools print files: `   12→code`, `12: code`, `12| code`; and how diffs do. */
const NUMBERED = /^\s*\d{1,6}(?:→|\t|\||:(?=\s)) ?/;
const DIFF_SIGN = /^[+-](?![+-])/;
const FENCE = /^\s{0,3}(?:```|~~~)/;
const COMMENT = /^\s*(?:\/\/|\/\*)|^\s+\*(?:\s|\/|$)/;
const NOTE = /^\s*(?:#(?!include|define|if|endif|!\/)|--\s|<!--|;;|\*\/|"""|''')/;
const ASSIGNMENT = /^\s*[\w.$@[\]'"*&-]+(?:\s*:\s*[\w<>[\]|. ]+)?\s*(?:[-+*/|&]|:)?=(?![=>])\s*\S/;
/** JSON and its like: data between code is neither. */
const DATA = /^\s*(?:"[^"]*"|'[^']*')\s*:/;
const CLOSER = /^\s*[\]})]+[,;]?\s*$/;
const OPENING_WORD = new RegExp(
  `^\\s*(?:${[
    'import from export def class async return const let var function func fn fun val if elif elsif else for',
    'foreach while switch case try catch except finally with package using namespace public private protected',
    'static final struct enum interface impl trait type pub use mod match void int char double float bool string',
    'unsigned template typedef throw raise yield await end begin do done fi then echo set local print puts',
    'require include SELECT INSERT UPDATE DELETE CREATE ALTER DROP WHERE FROM JOIN GROUP ORDER',
    '#include #define #ifdef #ifndef #endif #!',
  ]
    .join(' ')
    .replaceAll(' ', '|')})(?![\\w-])`,
);

/** SQL reads like prose, but for its capitals. */
const STATEMENT =
  /^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER)\s.*\b(?:FROM|INTO|SET|TABLE|INDEX|VIEW)\b/;
/** What isn't text at all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const BINARY = /[\0-\x08\x0e-\x1a\ufffd]/;

/** Words in a row that make prose, if there are few signs. */
const MANY_WORDS = 5;

export function readLine(raw: string): Line {
  let text = raw;
  if (NUMBERED.test(text)) text = text.replace(NUMBERED, '');
  if (DIFF_SIGN.test(text)) text = text.slice(1);
  const counts = count(text);
  return { verdict: verdictOf(text, counts), weight: counts.weight, text };
}

interface Counts {
  readonly weight: number;
  readonly signs: number;
  /** Words of letters only, with white space, the line's end, a full stop or a comma after them. */
  readonly words: number;
  /** `name(` and `name.name`: joints that prose doesn't have. */
  readonly joints: number;
  readonly last: string;
}

function count(text: string): Counts {
  let weight = 0;
  let signs = 0;
  let words = 0;
  let joints = 0;
  let last = 0;
  let before = SPACE;
  let run = 0;
  let startsClean = true;
  for (let i = 0; i <= text.length; i++) {
    const kind = classAt(text, i);
    const unit = i < text.length ? text.charCodeAt(i) : 0;
    if (kind === LETTER) {
      if (run === 0) startsClean = before === SPACE;
      run++;
    } else if (run > 0) {
      const endsClean =
        kind === SPACE || ((unit === DOT || unit === COMMA) && classAt(text, i + 1) === SPACE);
      if (run > 1 && startsClean && endsClean) words++;
      if (unit === OPENING_PARENTHESIS || (unit === DOT && classAt(text, i + 1) === LETTER)) joints++;
      run = 0;
    }
    if (kind === SIGN) signs++;
    if (kind !== SPACE) {
      weight++;
      last = unit;
    }
    before = kind;
  }
  return { weight, signs, words, joints, last: String.fromCharCode(last) };
}

/** The end of the line is white space; letters of other scripts are letters. */
function classAt(text: string, i: number): number {
  if (i >= text.length) return SPACE;
  const unit = text.charCodeAt(i);
  return unit < 128 ? (classes[unit] as number) : LETTER;
}

function verdictOf(text: string, { weight, signs, words, joints, last }: Counts): LineVerdict {
  if (weight === 0) return 'blank';
  if (BINARY.test(text)) return 'neutral';
  if (FENCE.test(text)) return 'fence';
  if (COMMENT.test(text)) return 'comment';
  if (NOTE.test(text)) return 'note';
  if (CLOSER.test(text)) return 'closer';
  if (DATA.test(text)) return 'neutral';
  const density = signs / weight;
  const tells = density >= 0.06 || last === ':' || last === ';' || words <= 3;
  if ((tells && OPENING_WORD.test(text)) || STATEMENT.test(text)) return 'code';
  if (words >= MANY_WORDS && density < 0.08) return 'prose';
  if ((last === ';' || last === '{' || last === '}') && (signs >= 2 || words <= 2)) return 'code';
  if (signs > 0 && words < MANY_WORDS && ASSIGNMENT.test(text)) return 'code';
  if (density >= 0.12 && words <= MANY_WORDS && joints > 0) return 'code';
  if (joints >= 2 && density >= 0.06 && words <= 3) return 'code';
  return words >= MANY_WORDS ? 'prose' : 'neutral';
}
