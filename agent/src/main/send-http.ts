import {
  isLoopbackHttp,
  type OwnReply,
  type OwnRequest,
  ReplyTooLarge,
  type SendHttp,
} from '../core/http.ts';
import type { Outgoing, UpstreamCall } from '../intercept/ports.ts';
import { sendToLoopback } from '../sync/loopback-http.ts';

interface Sending {
  /** URLs that the configuration itself names may lead to this machine; what a server or a policy named may not. */
  readonly configured?: true | ((url: URL) => boolean);
}

/**
 * The agent's own calls leave the device as every other call does: corporate proxy, extra roots, hardened TLS, revocation.
 */
export function sendThrough(outgoing: Outgoing, { configured }: Sending = {}): SendHttp {
  return (request) => {
    const { url } = request;
    if (isLoopbackHttp(url)) return sendToLoopback(request);
    if (url.protocol !== 'https:')
      return Promise.reject(new Error(`sent over https only, not ${url.protocol}`));
    const named = configured === true || configured?.(url) === true;
    return send(outgoing, request, named ? { configured: true } : {});
  };
}

/** The servers of these URLs; an OpenID provider's own document names further addresses, which count only there. */
export function atOrigins(urls: readonly (string | undefined)[]): (url: URL) => boolean {
  const origins = new Set(urls.flatMap((url) => (url === undefined ? [] : [new URL(url).origin])));
  return ({ origin }) => origins.has(origin);
}

const send = (
  outgoing: Outgoing,
  request: OwnRequest,
  options: { readonly configured?: true },
): Promise<OwnReply> =>
  new Promise((resolve, reject) => {
    const { url, method, headers, body, signal, maxReplyBytes, onHead, onData } = request;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const chunks: Uint8Array[] = [];
    let size = 0;
    let status = 0;
    let replyHeaders: readonly string[] = [];
    let call: UpstreamCall | undefined;
    const settle = (done: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      done();
    };
    const fail = (error: Error): void => {
      call?.abort();
      settle(() => reject(error));
    };
    const onAbort = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', onAbort, { once: true });
    call = outgoing.request(
      { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443), ...options },
      {
        scheme: 'https',
        method,
        path: url.pathname + url.search,
        headers: [
          'host',
          url.host,
          ...Object.entries(headers).flat(),
          ...(bytes === undefined ? [] : ['content-length', String(bytes.length)]),
        ],
        protocol: 'h1',
        body: bytes,
      },
      {
        informational() {},
        head(code, _statusText, received) {
          status = code;
          replyHeaders = received;
          onHead?.(code, received);
        },
        data(chunk) {
          if (onData !== undefined) {
            onData(chunk);
            return true;
          }
          size += chunk.length;
          chunks.push(chunk);
          if (size > maxReplyBytes) fail(new ReplyTooLarge());
          return true;
        },
        end: () => settle(() => resolve({ status, headers: replyHeaders, body: Buffer.concat(chunks) })),
        error: fail,
      },
    );
    if (signal.aborted) onAbort();
  });
