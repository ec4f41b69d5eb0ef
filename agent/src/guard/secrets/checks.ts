/** What makes a string of the right shape a real secret: randomness, checksums, and not being an example. */
import { crc32 } from 'node:zlib';

/** Shannon entropy in bits per character. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Words that vendors and authors put into examples. Long enough not to turn up in random text. */
const EXAMPLE_WORD =
  /example|placeholder|changeme|change[_-]me|replace[_-]?(?:me|with)|redacted|dummy|sample|your[_-]|youra?pi|[_-]here|insert|foobar|not[_-]?a[_-]?real|xxxxx|\*\*\*\*|\.\.\.\.|test[_-]?test|deadbeef|notreal/i;
const TEMPLATE = /^[<[{%$]|\$\{|\{\{|\$\(|%\(|<%|[>\]}]$/;
/** Six of the same; in a long value, which may hold a run of zeros or blanks in base64, a tenth of it. */
const REPEATED = /([^\s-])\1{5,}/g;
const REPEATED_SHARE = 0.1;
const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiop',
  '98765432109876543210',
];

/** True for values that stand for a secret instead of being one: documented examples, templates, typed-out runs. */
export function looksLikeExample(value: string): boolean {
  if (EXAMPLE_WORD.test(value) || TEMPLATE.test(value) || isRepeated(value)) return true;
  return hasSequence(value.toLowerCase());
}

const isRepeated = (value: string): boolean =>
  (value.match(REPEATED) ?? []).some((run) => run.length >= value.length * REPEATED_SHARE);

const SEQUENCE_LENGTH = 7;
const sequenceParts = new Set(
  SEQUENCES.flatMap((all) =>
    Array.from({ length: all.length - SEQUENCE_LENGTH + 1 }, (_, i) => all.slice(i, i + SEQUENCE_LENGTH)),
  ),
);

function hasSequence(lower: string): boolean {
  for (let i = 0; i + SEQUENCE_LENGTH <= lower.length; i++) {
    if (sequenceParts.has(lower.slice(i, i + SEQUENCE_LENGTH))) return true;
  }
  return false;
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
