import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest, Operation } from '../core/exchange.ts';
import type { Location } from '../decide/location.ts';
import { readAnyJson, readAnyText } from '../recognise/any-text.ts';
import { dialectById } from '../recognise/dialects.ts';
import { readMultipart, readUpload } from '../recognise/multipart.ts';

export type ReadBody =
  | {
      readonly ok: true;
      readonly exchange: ExchangeRequest;
      /** The JSON text, for edits; undefined if the body isn't JSON. */
      readonly json: string | undefined;
    }
  | { readonly ok: false };

/**
 * A body in the words of its dialect. One that isn't of its dialect is still read as plain JSON or text, so that what
 * is in it gets checked; its exchange is then `opaque`, and the policy's `unreadableRequest` has a say.
 */
export function readBody(body: Uint8Array, location: Location, path: string, contentType: string): ReadBody {
  const file = readFile(body, contentType, location.operation);
  if (file !== undefined) return { ok: true, exchange: file, json: undefined };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { ok: true, exchange: readAnyText(text, contentType, location.operation), json: undefined };
  }
  try {
    const dialect = dialectById(location.dialect);
    const exchange = dialect?.readRequest(parsed, path, location.operation);
    return { ok: true, exchange: exchange ?? readAnyJson(parsed, location.operation), json: text };
  } catch (error) {
    if (!(error instanceof DialectError) || error.code === 'too-deep') return { ok: false };
  }
  try {
    return { ok: true, exchange: readAnyJson(parsed, location.operation), json: text };
  } catch {
    return { ok: false };
  }
}

/** Types of bodies that are one file. */
const UPLOAD =
  /^(?:image|audio|video|font)\/|^application\/(?:octet-stream|pdf|zip|gzip|zstd|rtf|msword|epub\+zip|x-(?!www-form-urlencoded|ndjson)|vnd\.(?:ms-|openxmlformats|oasis|rar))/i;

export const isUpload = (contentType: string): boolean => UPLOAD.test(contentType);

/** Undefined if the body isn't a file, or holds none that could be told apart. */
function readFile(body: Uint8Array, contentType: string, operation: Operation): ExchangeRequest | undefined {
  if (/^multipart\//i.test(contentType)) return readMultipart(body, contentType, operation);
  return isUpload(contentType) ? readUpload(body, contentType, operation) : undefined;
}
