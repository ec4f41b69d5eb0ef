import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest, Operation, Part } from '../core/exchange.ts';
import { visitInnerTexts } from './inner-texts.ts';
import { literalTexts } from './json/literals.ts';
import { asidePointer, childPointer } from './json/pointer.ts';
import { PartCollector } from './parts.ts';

/** Deeper bodies are searched as plain text rather than walked. */
const MAX_DEPTH = 200;
/** Shorter strings hold no credential worth the look-up. */
const MIN_CHARS = 8;

/**
 * Reads a JSON body of a format that no dialect knows (most chat sites): every string in it is a part, so that what
 * is typed there is checked too. What the call means (model, tools, usage) stays unknown.
 */
export function readAnyJson(body: unknown, operation: Operation): ExchangeRequest {
  const parts = new PartCollector();
  collect(body, '', 0, parts);
  return opaque(operation, parts.parts, modelIn(body));
}

/** Reads a body that isn't JSON: names and values of a form, or the text as a whole. Its parts can't be edited. */
export function readAnyText(text: string, contentType: string, operation: Operation): ExchangeRequest {
  const isForm = contentType.toLowerCase().startsWith('application/x-www-form-urlencoded');
  const values = isForm ? [...new URLSearchParams(text)].flat() : [text];
  const parts = new PartCollector();
  for (const [index, value] of values.entries()) addText(value, `/${index}`, false, parts);
  return opaque(operation, parts.parts, undefined);
}

/**
 * JSON nested too deeply for any reader: its strings, however deep, without their places. Not recursive, so that
 * nesting costs no stack.
 */
export function readDeepJson(body: unknown, operation: Operation): ExchangeRequest {
  const parts = new PartCollector();
  const waiting: unknown[] = [body];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value === 'string') addText(value, '', false, parts);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key.length >= LONG_KEY) addText(key, '', false, parts);
        if (typeof inner === 'string' || typeof inner === 'object') waiting.push(inner);
      }
    }
  }
  return opaque(operation, parts.parts, undefined);
}

/** The same call, with every string that its JSON source holds: of members with one name, JSON.parse shows but the last. */
export function withEveryLiteral(exchange: ExchangeRequest, source: string): ExchangeRequest {
  const parts = new PartCollector();
  for (const text of literalTexts(source)) addText(text, asidePointer(''), false, parts);
  return { ...exchange, parts: [...exchange.parts, ...parts.parts] };
}

function collect(value: unknown, pointer: string, depth: number, parts: PartCollector): void {
  if (typeof value === 'string') {
    addText(value, pointer, true, parts);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new DialectError('too-deep', `nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const inner: unknown = value[index];
      if (typeof inner === 'string' || typeof inner === 'object')
        collect(inner, `${pointer}/${index}`, depth + 1, parts);
    }
    return;
  }
  for (const key of Object.keys(value)) {
    const place = childPointer(pointer, key);
    // A name has no pointer of its own, so it can't be edited.
    if (key.length >= LONG_KEY) addText(key, asidePointer(place), false, parts);
    collect((value as Record<string, unknown>)[key], place, depth + 1, parts);
  }
}

const LONG_KEY = 16;

function addText(text: string, pointer: string, editable: boolean, parts: PartCollector): void {
  if (text.length < MIN_CHARS) return;
  parts.text('unknown', 'user', pointer, text, { editable });
  visitInnerTexts(text, (inner) => {
    if (inner.length >= MIN_CHARS)
      parts.text('unknown', 'user', asidePointer(pointer), inner, { editable: false });
  });
}

const opaque = (
  operation: Operation,
  parts: readonly Part[],
  model: string | undefined,
): ExchangeRequest => ({
  dialect: 'opaque',
  operation,
  model,
  stream: false,
  parts,
  tools: [],
  maxOutputTokens: undefined,
});

function modelIn(body: unknown): string | undefined {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
  return typeof model === 'string' ? model : undefined;
}
