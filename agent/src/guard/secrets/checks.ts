/** What makes a string of the right shape a real secret: randomness, checksums, and not being an example. */
import { crc32 } from 'node:zlib';

/** By code unit up to 127, the last place for all others: emptied after every use. */
const counts = new Uint32Array(129);

/** Shannon entropy in bits per character. */
export function entropyBits(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = Math.min(text.charCodeAt(i), 128);
    counts[unit] = (counts[unit] as number) + 1;
  }
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = Math.min(text.charCodeAt(i), 128);
    const count = counts[unit] as number;
    counts[unit] = 0;
    if (count > 0) bits -= (count / text.length) * Math.log2(count / text.length);
  }
  return bits;
}

/** Words that vendors and authors put into examples. Long enough not to turn up in random text. */
const EXAMPLE_WORD =
  /example|placeholder|changeme|change[_-]me|replace[_-]?(?:me|with)|redacted|dummy|sample|your[_-]|youra?pi|[_-]here|insert|foobar|not[_-]?a[_-]?real|xxxxx|\*\*\*\*|\.\.\.\.|test[_-]?test|deadbeef|notreal/i;
const TEMPLATE = /^[<[{%$]|\$\{|\{\{|\$\(|%\(|<%|[>\]}]$/;
/** Six of the same; in a long value, which may hold a run of zeros or blanks in base64, a tenth of it. */
const REPEATED = /([^\s-])\1{5,}/g;
const REPEATED_SHARE = 0.1;

/** True for values that stand for a secret instead of being one: documented examples, templates, typed-out runs. */
export function looksLikeExample(value: string): boolean {
  if (EXAMPLE_WORD.test(value) || TEMPLATE.test(value) || isRepeated(value)) return true;
  return hasSequence(value.toLowerCase());
}

const isRepeated = (value: string): boolean =>
  (value.match(REPEATED) ?? []).some((run) => run.length >= value.length * REPEATED_SHARE);

const SEQUENCE_LENGTH = 7;
const KEYBOARD = /qwertyu|wertyui|ertyuio|rtyuiop/;

/** Seven in a row through the alphabet, up or down through the digits (from 9 on with 0, from 0 on with 9), or along the keyboard. */
function hasSequence(lower: string): boolean {
  let up = 1;
  let down = 1;
  for (let i = 1; i < lower.length; i++) {
    const unit = lower.charCodeAt(i);
    const before = lower.charCodeAt(i - 1);
    const isDigit = unit >= 48 && unit <= 57;
    const isLetter = unit >= 97 && unit <= 122;
    const rises = unit === before + 1 || (unit === 48 && before === 57);
    const falls = unit === before - 1 || (unit === 57 && before === 48);
    up = rises && (isLetter || isDigit) ? up + 1 : 1;
    down = falls && isDigit ? down + 1 : 1;
    if (up >= SEQUENCE_LENGTH || down >= SEQUENCE_LENGTH) return true;
  }
  return KEYBOARD.test(lower);
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

/**
 * GitHub's and npm's scheme: the last six characters are the CRC-32 of the random ones, in base 62
 * (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
 */
export function hasCrc32Checksum(token: string, prefixLength: number): boolean {
  const random = token.slice(prefixLength, -CHECKSUM_LENGTH);
  return crc32Checksum(random) === token.slice(-CHECKSUM_LENGTH);
}

export function crc32Checksum(random: string): string {
  let rest = crc32(random);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = (BASE62[rest % BASE62.length] as string) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}

/** The value as UTF-8 text, or undefined if it isn't base64 (either alphabet). */
export function decodeBase64(value: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]{2,}={0,2}$/.test(value)) return undefined;
  return Buffer.from(value, 'base64').toString('utf8');
}

/** True if the first part of a token decodes to a JOSE header (RFC 7515 section 4): a JSON object with `alg` or `enc`. */
export function hasJoseHeader(token: string): boolean {
  const header = decodeBase64(token.slice(0, token.indexOf('.')));
  return header !== undefined && /^\s{0,9}\{[\s\S]*"(?:alg|enc)"\s{0,9}:/.test(header);
}

/** Character classes in use: lower case, upper case, digits, others. */
export function classesOf(value: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((one) => one.test(value)).length;
}
