import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type { Location } from '../decide/location.ts';
import { readAnyJson, readAnyText, readDeepJson } from '../recognise/any-text.ts';
import { dialectById } from '../recognise/dialects.ts';
import { JsonMeasure } from '../recognise/json/measure.ts';

export type ReadBody =
  | {
      readonly ok: true;
      readonly exchange: ExchangeRequest;
      /** The JSON text, for edits; undefined if the body isn't JSON. */
      readonly json: string | undefined;
    }
  /** It holds more than can be checked. */
  | { readonly ok: false; readonly why: 'too-large' };

/** Lets the event loop serve other connections. */
export type Pause = () => Promise<void>;

/** Smaller bodies are read in one go: that takes less than a pause would. */
export const LARGE_BODY_BYTES = 1024 * 1024;
const SLICE_BYTES = 1024 * 1024;

/**
 * A body in the words of its dialect. One that isn't of its dialect is still read as plain JSON or text, so that what
 * is in it gets checked; its exchange is then `opaque`, and the policy's `unreadableRequest` has a say.
 */
export function readBody(body: Uint8Array, location: Location, path: string, contentType: string): ReadBody {
  const measure = new JsonMeasure();
  if (body.length > LARGE_BODY_BYTES && looksLikeJson(body)) measure.push(body);
  return readMeasured(measure, body, location, path, contentType);
}

/** The same for a large body, with pauses; only JSON.parse itself can't be interrupted, hence the measuring. */
export async function readLargeBody(
  body: Uint8Array,
  location: Location,
  path: string,
  contentType: string,
  pause: Pause,
): Promise<ReadBody> {
  const measure = new JsonMeasure();
  if (looksLikeJson(body)) {
    for (let at = 0; at < body.length && !measure.tooMuch && !measure.tooDeep; at += SLICE_BYTES) {
      measure.push(body.subarray(at, at + SLICE_BYTES));
      await pause();
    }
  }
  const read = readMeasured(measure, body, location, path, contentType);
  await pause();
  return read;
}

function readMeasured(
  measure: JsonMeasure,
  body: Uint8Array,
  location: Location,
  path: string,
  contentType: string,
): ReadBody {
  if (measure.tooMuch || measure.tooDeep) return { ok: false, why: 'too-large' };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const { operation } = location;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { ok: true, exchange: readAnyText(text, contentType, operation), json: undefined };
  }
  const dialect = dialectById(location.dialect);
  const exchange =
    (dialect && attempt(() => dialect.readRequest(parsed, path, operation))) ??
    attempt(() => readAnyJson(parsed, operation));
  if (exchange === 'too-large') return { ok: false, why: 'too-large' };
  if (exchange !== undefined) return { ok: true, exchange, json: text };
  // Nested past any reader; the words are in it all the same.
  const deep = attempt(() => readDeepJson(parsed, operation));
  return typeof deep === 'object'
    ? { ok: true, exchange: deep, json: undefined }
    : { ok: false, why: 'too-large' };
}

/** Undefined: not in this reader's words. */
function attempt(read: () => ExchangeRequest): ExchangeRequest | 'too-large' | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DialectError)) throw error;
    return error.code === 'too-many' ? 'too-large' : undefined;
  }
}

function looksLikeJson(body: Uint8Array): boolean {
  const start = Buffer.from(body.subarray(0, 64)).toString('latin1').trimStart();
  return start.startsWith('{') || start.startsWith('[');
}
