import { isUtf8 } from 'node:buffer';
import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest, Operation } from '../core/exchange.ts';
import type { Location } from '../decide/location.ts';
import { readAnyJson, readAnyText, readDeepJson, withEveryLiteral } from '../recognise/any-text.ts';
import { toUtf8, type Utf8Body } from '../recognise/body-bytes.ts';
import { dialectById } from '../recognise/dialects.ts';
import { hasRepeatedNames } from '../recognise/json/literals.ts';
import { JsonMeasure } from '../recognise/json/measure.ts';
import { readMultipart, readUpload } from '../recognise/multipart.ts';
import { withoutEdits } from '../recognise/signed-body.ts';

export type ReadBody =
  | {
      readonly ok: true;
      readonly exchange: ExchangeRequest;
      /** Its parts have their places in the body, so that edits can be made there. */
      readonly editable: boolean;
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
  const utf8 = toUtf8(body);
  const measure = new JsonMeasure();
  if (utf8.bytes.length > LARGE_BODY_BYTES && looksLikeJson(utf8.bytes)) measure.push(utf8.bytes);
  return readMeasured(measure, utf8, location, path, contentType);
}

/** The same for a large body, with pauses; only JSON.parse itself can't be interrupted, hence the measuring. */
export async function readLargeBody(
  body: Uint8Array,
  location: Location,
  path: string,
  contentType: string,
  pause: Pause,
): Promise<ReadBody> {
  const utf8 = toUtf8(body);
  const measure = new JsonMeasure();
  if (looksLikeJson(utf8.bytes)) {
    for (let at = 0; at < utf8.bytes.length && !measure.tooMuch && !measure.tooDeep; at += SLICE_BYTES) {
      measure.push(utf8.bytes.subarray(at, at + SLICE_BYTES));
      await pause();
    }
  }
  const read = readMeasured(measure, utf8, location, path, contentType);
  await pause();
  return read;
}

function readMeasured(
  measure: JsonMeasure,
  { bytes, recodedFrom }: Utf8Body,
  location: Location,
  path: string,
  contentType: string,
): ReadBody {
  if (measure.tooMuch || measure.tooDeep) return TOO_LARGE;
  // A type that says "a file" may be a lie; JSON is read as what it is.
  const file = looksLikeJson(bytes) ? undefined : readFile(bytes, contentType, location.operation);
  if (file !== undefined) return { ok: true, exchange: file, editable: false };
  const text = utf8Text(bytes);
  try {
    const { exchange, editable } = readText(text, location, path, contentType);
    // Edits work on the bytes as they were sent; where those aren't UTF-8, nothing can be taken out.
    if (recodedFrom === undefined && (!editable || isUtf8(bytes))) return { ok: true, exchange, editable };
    const found = withoutEdits(exchange);
    // Bytes that only look like another encoding are searched as they came, too.
    const asSent =
      recodedFrom && exchange.dialect === 'opaque'
        ? readAnyText(utf8Text(recodedFrom), contentType, location.operation)
        : undefined;
    const parts = asSent === undefined ? found.parts : [...found.parts, ...withoutEdits(asSent).parts];
    return { ok: true, exchange: { ...found, parts }, editable: false };
  } catch (error) {
    if (error instanceof DialectError) return TOO_LARGE;
    throw error;
  }
}

const utf8Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

const TOO_LARGE: ReadBody = { ok: false, why: 'too-large' };

interface ReadText {
  readonly exchange: ExchangeRequest;
  readonly editable: boolean;
}

/** Throws DialectError where there is more in it than can be shown. */
function readText(text: string, location: Location, path: string, contentType: string): ReadText {
  const { operation } = location;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { exchange: readAnyText(text, contentType, operation), editable: false };
  }
  const dialect = dialectById(location.dialect);
  const exchange =
    (dialect && attempt(() => dialect.readRequest(parsed, path, operation))) ??
    attempt(() => readAnyJson(parsed, operation));
  // Nested past any reader; the words are in it all the same.
  if (exchange === undefined) return { exchange: readDeepJson(parsed, operation), editable: false };
  // It says two things, and nobody knows which of them the provider reads: both are searched, neither is edited.
  if (hasRepeatedNames(text, parsed))
    return { exchange: withEveryLiteral(withoutEdits(exchange), text), editable: false };
  return { exchange, editable: true };
}

/** Undefined: not in this reader's words. Too many of them is another matter, and the caller's. */
function attempt<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DialectError) || error.code === 'too-many') throw error;
    return undefined;
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
