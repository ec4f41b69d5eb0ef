/** One OTLP/HTTP call: compressed, signed, sent, and its answer understood (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { headerValue } from '../../../core/connection.ts';
import type { DeviceIdentity } from '../../../core/device.ts';
import type { OwnReply, SendHttp } from '../../../core/http.ts';
import { parseRetryAfter } from '../backoff.ts';
import type { DeliveryResult } from '../destination.ts';
import { notACollector, problemOfError, problemOfStatus, someRejected } from '../problems.ts';
import { signatureHeaders } from './signature.ts';

const compress = promisify(gzip);
const MAX_REPLY_BYTES = 64 * 1024;
/** The statuses after which the same batch may be sent again; the others mean that it never will be taken. */
const UNACCEPTABLE = new Set([400, 413, 422]);

export interface OtlpEndpoint {
  readonly baseUrl: URL;
  readonly send: SendHttp;
  readonly device: DeviceIdentity;
  /** Read anew for each call: a rotated credential counts at once. Throws if one can't be read. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly dateMs: () => number;
}

export interface Signal {
  readonly path: '/v1/logs' | '/v1/metrics';
  readonly contentType: 'application/json' | 'application/x-protobuf';
  readonly body: Uint8Array;
  /** How many the receiver refused, from a good answer's body. Throws if it isn't one. */
  readonly rejectedIn: (reply: Uint8Array) => number;
}

export async function upload(
  endpoint: OtlpEndpoint,
  signal: Signal,
  abort: AbortSignal,
): Promise<DeliveryResult> {
  const { baseUrl, send, device, headers, dateMs } = endpoint;
  const where = baseUrl.host;
  const url = new URL(baseUrl.pathname.replace(/\/+$/, '') + signal.path, baseUrl);
  let reply: OwnReply;
  try {
    const body = await compress(signal.body);
    const unsigned = { path: url.pathname, contentType: signal.contentType, body, createdAtMs: dateMs() };
    reply = await send({
      url,
      method: 'POST',
      headers: {
        ...lowerCase(headers()),
        'content-type': signal.contentType,
        'content-encoding': 'gzip',
        accept: signal.contentType,
        'accept-encoding': 'identity',
        ...signatureHeaders(device, unsigned),
      },
      body,
      signal: abort,
      maxReplyBytes: MAX_REPLY_BYTES,
    });
  } catch (error) {
    return { type: 'later', problem: problemOfError(error, where) };
  }
  return readReply(reply, signal, where, dateMs());
}

function readReply(reply: OwnReply, signal: Signal, where: string, nowMs: number): DeliveryResult {
  const { status } = reply;
  if (status >= 200 && status < 300) return readSuccess(reply, signal, where);
  const problem = problemOfStatus(status, where);
  if (UNACCEPTABLE.has(status)) return { type: 'unacceptable', problem };
  // Also what the protocol calls not retryable: a wrong credential or address is put right sooner or later, and
  // then the records must still be there.
  const retryAfterMs = parseRetryAfter(headerValue(reply.headers, 'retry-after'), nowMs);
  return { type: 'later', problem, retryAfterMs };
}

/** A sign-in page answers 200 as well: only a collector's own answer counts. */
function readSuccess(reply: OwnReply, signal: Signal, where: string): DeliveryResult {
  const type = headerValue(reply.headers, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== signal.contentType && reply.body.length > 0)
    return { type: 'later', problem: notACollector(where) };
  try {
    if (!isMessage(reply.body, signal.contentType)) return { type: 'later', problem: notACollector(where) };
    const rejected = reply.body.length === 0 ? 0 : signal.rejectedIn(reply.body);
    if (rejected === 0) return { type: 'delivered', rejected };
    return { type: 'delivered', rejected, problem: someRejected(rejected, where) };
  } catch {
    // No JSON: whoever answered so has not taken anything.
    return { type: 'later', problem: notACollector(where) };
  }
}

/** The library takes anything for a good answer. An export response has one field, number 1, which is a message. */
function isMessage(body: Uint8Array, contentType: Signal['contentType']): boolean {
  if (body.length === 0) return true;
  if (contentType === 'application/x-protobuf') return body[0] === 0x0a;
  const value: unknown = JSON.parse(Buffer.from(body).toString());
  // Fields that it doesn't know a receiver may add; one that speaks of an error has taken nothing.
  return isObject(value) && value['error'] === undefined && value['errors'] === undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
