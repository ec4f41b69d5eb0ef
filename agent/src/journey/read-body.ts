import { isUtf8 } from 'node:buffer';
import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest, Operation } from '../core/exchange.ts';
import type { Location } from '../decide/location.ts';
import { readAnyJson, readAnyText, readDeepJson } from '../recognise/any-text.ts';
import { dialectById } from '../recognise/dialects.ts';
import { inOtherEncoding } from '../recognise/json/encoding.ts';
import { JsonMeasure } from '../recognise/json/measure.ts';
import { readMultipart, readUpload } from '../recognise/multipart.ts';
import { withoutEdits } from '../recognise/signed-body.ts';

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
  const file = readFile(body, contentType, location.operation);
  if (file !== undefined) return { ok: true, exchange: file, json: undefined };
  const text = utf8Text(body);
  const { operation } = location;
  const json = parse(text) ?? parseOther(body);
  if (json === 'too-large') return { ok: false, why: 'too-large' };
  if (json === undefined)
    return { ok: true, exchange: readAnyText(text, contentType, operation), json: undefined };
  const { parsed } = json;
  const dialect = dialectById(location.dialect);
  const exchange =
    (dialect && attempt(() => dialect.readRequest(parsed, path, operation))) ??
    attempt(() => readAnyJson(parsed, operation));
  if (exchange === 'too-large') return { ok: false, why: 'too-large' };
  if (exchange !== undefined) {
    // Edits work on the bytes as they were sent; elsewhere nothing can be taken out, so what redacts refuses.
    return json.text === text && isUtf8(body)
      ? { ok: true, exchange, json: text }
      : { ok: true, exchange: withoutEdits(exchange), json: undefined };
  }
  // Nested past any reader; the words are in it all the same.
  const deep = attempt(() => readDeepJson(parsed, operation));
  return typeof deep === 'object'
    ? { ok: true, exchange: deep, json: undefined }
    : { ok: false, why: 'too-large' };
}

interface Parsed {
  readonly parsed: unknown;
  readonly text: string;
}

function parse(text: string): Parsed | undefined {
  try {
    return { parsed: JSON.parse(text), text };
  } catch {
    return undefined; // no JSON: its reader will say so
  }
}

/** JSON in an encoding that servers read although nobody should send it. */
function parseOther(body: Uint8Array): Parsed | 'too-large' | undefined {
  const utf8 = inOtherEncoding(body);
  if (utf8 === undefined) return undefined;
  const measure = new JsonMeasure();
  measure.push(utf8);
  return measure.tooMuch || measure.tooDeep ? 'too-large' : parse(utf8Text(utf8));
}

const utf8Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** Undefined: not in this reader's words. */
function attempt(read: () => ExchangeRequest): ExchangeRequest | 'too-large' | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DialectError)) throw error;
    return error.code === 'too-many' ? 'too-large' : undefined;
  }
}

/** Types of bodies that are one file. */
const UPLOAD =
  /^(?:image|audio|video|font)\/|^application\/(?:octet-stream|pdf|zip|gzip|zstd|rtf|msword|epub\+zip|x-(?!www-form-urlencoded|ndjson|proto)|vnd\.(?:ms-|openxmlformats|oasis|rar))/i;

export const isUpload = (contentType: string): boolean => UPLOAD.test(contentType);

/** Undefined if the body isn't a file, or holds none that could be told apart. */
function readFile(body: Uint8Array, contentType: string, operation: Operation): ExchangeRequest | undefined {
  if (/^multipart\//i.test(contentType)) return readMultipart(body, contentType, operation);
  return isUpload(contentType) ? readUpload(body, contentType, operation) : undefined;
}

function looksLikeJson(body: Uint8Array): boolean {
  const start = Buffer.from(body.subarray(0, 64)).toString('latin1').trimStart();
  return start.startsWith('{') || start.startsWith('[');
}
