import { headerValue, type RawHeaders } from '../core/connection.ts';
import type { ExchangeRequest } from '../core/exchange.ts';

/**
 * True if the request's signature covers its body (AWS Signature Version 4, RFC 9421 with a content digest): changed,
 * it would be refused by the server.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function isBodySigned(headers: RawHeaders): boolean {
  if (/^AWS4-/i.test(headerValue(headers, 'authorization') ?? '')) {
    return headerValue(headers, 'x-amz-content-sha256')?.toUpperCase() !== 'UNSIGNED-PAYLOAD';
  }
  return /"content-digest"/i.test(headerValue(headers, 'signature-input') ?? '');
}

/** The same call, of which nothing can be edited: what would be redacted has to be refused instead. */
export const withoutEdits = (exchange: ExchangeRequest): ExchangeRequest => ({
  ...exchange,
  parts: exchange.parts.map((part) => (part.editable ? { ...part, editable: false } : part)),
});
