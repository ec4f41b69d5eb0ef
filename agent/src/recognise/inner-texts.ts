import { isUtf8 } from 'node:buffer';
import { JsonMeasure } from './json/measure.ts';
import { visitStrings } from './json/strings.ts';
import { parseJson } from './json/values.ts';

/** JSON in JSON in a form field is what chat sites do; deeper than this nobody nests. */
const MAX_LEVELS = 4;
/** Shorter base64 is more likely a word or an id, and holds no credential. */
const MIN_BASE64_CHARS = 24;
const MAX_BASE64_CHARS = 16 * 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const SAMPLE_CHARS = 96;
/** What JSON has to write as an escape; plain characters that somebody escaped are seen in the outer text (`spelled-out.ts`). */
const IS_ESCAPED = /["\\]|\p{Cc}/u;
/** From this size on, structure is measured before it is parsed. */
const MEASURED_CHARS = 256 * 1024;

/**
 * Words that a string holds in another notation: JSON within it, whose escapes can break a credential in two for a
 * reader of the outer text, and text in base64. `show` gets only what the string itself doesn't show.
 */
export function visitInnerTexts(text: string, show: (inner: string) => void, level = 0): void {
  if (level >= MAX_LEVELS) return;
  const json = innerJson(text);
  if (json !== undefined) {
    const escapes = text.includes('\\');
    visitStrings(json, '', (inner) => {
      if (escapes && IS_ESCAPED.test(inner)) show(inner);
      visitInnerTexts(inner, show, level + 1);
    });
    return;
  }
  const decoded = base64Text(text);
  if (decoded === undefined) return;
  show(decoded);
  visitInnerTexts(decoded, show, level + 1);
}

function innerJson(text: string): object | undefined {
  const first = text.charCodeAt(0);
  const looks = first === 0x7b || first === 0x5b || (first <= 0x20 && /^\s*[[{]/.test(text));
  if (!looks) return undefined;
  if (text.length > MEASURED_CHARS) {
    const measure = new JsonMeasure();
    measure.push(Buffer.from(text));
    if (measure.tooMuch || measure.tooDeep) return undefined;
  }
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function base64Text(text: string): string | undefined {
  if (text.length < MIN_BASE64_CHARS || text.length > MAX_BASE64_CHARS) return undefined;
  if (!BASE64.test(text)) return undefined;
  if (!isPlainText(Buffer.from(text.slice(0, SAMPLE_CHARS), 'base64'), true)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return isPlainText(bytes, false) ? bytes.toString('utf8') : undefined;
}

/** Of a sample, the last character may be cut. */
function isPlainText(bytes: Buffer, sample: boolean): boolean {
  for (const byte of bytes) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  }
  return sample || isUtf8(bytes);
}
