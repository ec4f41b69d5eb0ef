import type { Outgoing, UpstreamCall } from '../intercept/ports.ts';
import { ReplyTooLarge, type SendHttp } from '../sync/remote-checks/http-port.ts';

/** Remote checks leave the device as every other call does: corporate proxy, extra roots, hardened TLS, revocation. */
export function sendThrough(outgoing: Outgoing): SendHttp {
  return ({ url, headers, body, signal, maxReplyBytes }) =>
    new Promise((resolve, reject) => {
      if (url.protocol !== 'https:')
        throw new Error(`remote checks are sent over https, not ${url.protocol}`);
      const bytes = Buffer.from(body, 'utf8');
      const chunks: Uint8Array[] = [];
      let size = 0;
      let status = 0;
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
        { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443) },
        {
          scheme: 'https',
          method: 'POST',
          path: url.pathname + url.search,
          headers: [
            'host',
            url.host,
            ...Object.entries(headers).flat(),
            'content-length',
            String(bytes.length),
          ],
          protocol: 'h1',
          body: bytes,
        },
        {
          informational() {},
          head(code) {
            status = code;
          },
          data(chunk) {
            size += chunk.length;
            chunks.push(chunk);
            if (size > maxReplyBytes) fail(new ReplyTooLarge());
            return true;
          },
          end: () => settle(() => resolve({ status, body: Buffer.concat(chunks).toString('utf8') })),
          error: fail,
        },
      );
      if (signal.aborted) onAbort();
    });
}
