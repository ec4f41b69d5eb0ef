import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest, Operation, Part } from '../core/exchange.ts';

/** Deeper bodies are refused as unreadable rather than walked. */
const MAX_DEPTH = 200;
/** Shorter strings hold no credential worth the look-up. */
const MIN_CHARS = 8;

/**
 * Reads a JSON body of a format that no dialect knows (most chat sites): every string in it is a part, so that what
 * is typed there is checked too. What the call means (model, tools, usage) stays unknown.
 */
export function readAnyJson(body: unknown, operation: Operation): ExchangeRequest {
  const parts: Part[] = [];
  collect(body, '', 0, parts);
  return {
    dialect: 'opaque',
    operation,
    model: modelIn(body),
    stream: false,
    parts,
    tools: [],
    maxOutputTokens: undefined,
  };
}

/** Reads a body that isn't JSON: the values of a form, or the text as a whole. Its parts can't be edited. */
export function readAnyText(text: string, contentType: string, operation: Operation): ExchangeRequest {
  const values = contentType.startsWith('application/x-www-form-urlencoded')
    ? [...new URLSearchParams(text)].map(([, value]) => value)
    : [text];
  const parts = values
    .filter((value) => value.length >= MIN_CHARS)
    .map((value, index): Part => textPart(value, `/${index}`, false));
  return {
    dialect: 'opaque',
    operation,
    model: undefined,
    stream: false,
    parts,
    tools: [],
    maxOutputTokens: undefined,
  };
}

function collect(value: unknown, pointer: string, depth: number, parts: Part[]): void {
  if (typeof value === 'string') {
    if (value.length >= MIN_CHARS) parts.push(textPart(value, pointer, true));
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new DialectError('too-deep', `nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1)
      collect(value[index], `${pointer}/${index}`, depth + 1, parts);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    collect(inner, `${pointer}/${escapeToken(key)}`, depth + 1, parts);
  }
}

const textPart = (text: string, pointer: string, editable: boolean): Part => ({
  kind: 'unknown',
  role: 'user',
  pointer,
  text,
  editable,
});

/** RFC 6901 section 3. */
const escapeToken = (key: string): string =>
  key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;

function modelIn(body: unknown): string | undefined {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
  return typeof model === 'string' ? model : undefined;
}
