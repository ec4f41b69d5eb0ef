/**
 * A corporate CONNECT proxy on loopback: checks basic credentials if asked, and sends every name to wherever the
 * test says that name lives. It stands between the agent and the fake provider, as it would in an office.
 */
import http from 'node:http';
import net from 'node:net';

export interface CorporateProxy {
  readonly port: number;
  /** `http://user:pass@127.0.0.1:port`, ready for `upstream.proxy`. */
  readonly url: string;
  /** Authorities asked for, in order. */
  readonly connects: string[];
  close(): Promise<void>;
}

export interface CorporateProxyOptions {
  /** The loopback port that serves this authority; undefined answers 502. */
  route(host: string, port: number): number | undefined;
  readonly credentials?: { readonly user: string; readonly password: string };
}

export async function startCorporateProxy(options: CorporateProxyOptions): Promise<CorporateProxy> {
  const connects: string[] = [];
  const sockets = new Set<net.Socket>();
  const expected =
    options.credentials &&
    `Basic ${Buffer.from(`${options.credentials.user}:${options.credentials.password}`).toString('base64')}`;
  const server = http.createServer((request, response) => {
    const target = new URL(request.url ?? '/', 'http://invalid.test');
    const port = options.route(target.hostname, Number(target.port || 80));
    if (port === undefined) return void response.writeHead(502).end();
    const upstream = http.request(
      {
        port,
        host: '127.0.0.1',
        path: target.pathname + target.search,
        method: request.method,
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.on('connect', (request, client: net.Socket, head) => {
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    connects.push(request.url ?? '');
    if (expected && request.headers['proxy-authorization'] !== expected) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\n\r\n',
      );
      return;
    }
    const authority = /^(.*):(\d+)$/.exec(request.url ?? '');
    const port = authority
      ? options.route(authority[1]!.replace(/^\[|\]$/g, ''), Number(authority[2]))
      : undefined;
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const userinfo = options.credentials ? `${options.credentials.user}:${options.credentials.password}@` : '';
  return {
    port,
    url: `http://${userinfo}127.0.0.1:${port}`,
    connects,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
