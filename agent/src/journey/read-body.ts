import { DialectError } from '../core/dialect.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type { Location } from '../decide/location.ts';
import { readAnyJson, readAnyText } from '../recognise/any-text.ts';
import { dialectById } from '../recognise/dialects.ts';

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
