/** Short questions to the network for `doctor`. Each has a deadline and none follows a proxy variable. */
import { Resolver } from 'node:dns';
import http from 'node:http';
import net from 'node:net';

export type Probe<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

const MAX_TEXT_BYTES = 1024 * 1024;

/** GET over plain HTTP, directly. */
export function fetchText(
  url: string,
  timeoutMs: number,
): Promise<Probe<{ status: number; type: string; text: string }>> {
  return new Promise((resolve) => {
    const failed = (why: string): void => resolve({ ok: false, why });
    const request = http.get(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_TEXT_BYTES) request.destroy(new Error('the answer does not end'));
      });
      response.on('end', () =>
        resolve({
          ok: true,
          value: { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text },
        }),
      );
      response.on('error', (error) => failed(error.message));
    });
    request.on('error', (error) =>
      failed(isTimeout(error) ? `no answer within ${timeoutMs} ms` : error.message),
    );
  });
}

/** Opens and closes a TCP connection; the value is how long it took. */
export function canConnect(host: string, port: number, timeoutMs: number): Promise<Probe<number>> {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const settle = (probe: Probe<number>): void => {
      socket.destroy();
      resolve(probe);
    };
    socket.setTimeout(timeoutMs, () => settle({ ok: false, why: `no answer within ${timeoutMs} ms` }));
    socket.once('error', (error) => settle({ ok: false, why: error.message }));
    socket.once('connect', () => settle({ ok: true, value: performance.now() - startedAtMs }));
  });
}

/** CONNECT through a proxy, whose URL may hold credentials; the value is the status it answers. */
export function canTunnel(
  proxyUrl: string,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Probe<number>> {
  const proxy = new URL(proxyUrl);
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const user = decodeURIComponent(proxy.username);
  const credentials = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64');
  return new Promise((resolve) => {
    const request = http.request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port || 80),
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...(user && { 'proxy-authorization': `Basic ${credentials}` }) },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answered = (response: http.IncomingMessage): void => {
      response.destroy();
      resolve({ ok: true, value: response.statusCode ?? 0 });
    };
    request.once('connect', (response, socket) => {
      socket.destroy();
      answered(response);
    });
    request.once('response', answered);
    request.on('error', (error) =>
      resolve({ ok: false, why: isTimeout(error) ? `no answer within ${timeoutMs} ms` : error.message }),
    );
    request.end();
  });
}

const isTimeout = ({ name }: Error): boolean => name === 'AbortError' || name === 'TimeoutError';

/** By c-ares, with a deadline: getaddrinfo can hang for 20 s in a black hole. */
export function canResolve(name: string, timeoutMs: number): Promise<Probe<readonly string[]>> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  return new Promise((resolve) => {
    resolver.resolve4(name, (error, addresses) =>
      resolve(error ? { ok: false, why: error.code ?? error.message } : { ok: true, value: addresses }),
    );
  });
}
