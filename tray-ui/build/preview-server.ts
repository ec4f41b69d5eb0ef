import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { AgentLink } from '../src/main/agent-link.ts';

export interface PreviewServer {
  /** Holds the token in its fragment, which no server sees and no log keeps. */
  readonly url: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
const MAX_BODY_BYTES = 64 * 1024;

/**
 * The renderer in a browser on the real local API, for development and tests; never packaged. It opens to a browser what
 * the local API keeps from browsers, so: loopback only, a token in a header for every call, exact Host, no other Origin.
 */
export async function startPreview(home: string, folder: string): Promise<PreviewServer> {
  const token = randomBytes(32).toString('base64url');
  const link = new AgentLink(home);
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  link.open();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', `http://${host}`);
    const { origin } = request.headers;
    if (request.headers.host !== host || (origin !== undefined && origin !== `http://${host}`))
      return void response.writeHead(403).end('not from here');
    if (pathname === '/favicon.ico') return void response.writeHead(204).end();
    if (!pathname.startsWith('/api/')) return file(pathname, response);
    if (!isToken(request.headers['x-postern-preview'])) return void response.writeHead(401).end('no token');
    if (pathname === '/api/events') return events(response);
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const input: unknown = JSON.parse(await bodyOf(request));
    const answer = await link.call(pathname.slice('/api/'.length), input);
    response
      .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(answer));
  }

  const isToken = (given: string | string[] | undefined): boolean =>
    typeof given === 'string' &&
    given.length === token.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(token));

  function events(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const stop = link.subscribe((event) => void response.write(`data: ${JSON.stringify(event)}\n\n`));
    response.on('close', stop);
  }

  function file(pathname: string, response: ServerResponse): void {
    const name = path.join(folder, path.normalize(pathname === '/' ? '/index.html' : pathname));
    if (!name.startsWith(folder + path.sep) || !existsSync(name))
      return void response.writeHead(404).end('there is no such file');
    response.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' });
    createReadStream(name).pipe(response);
  }

  return {
    url: `http://${host}/#token=${token}`,
    close: () =>
      new Promise((resolve) => {
        link.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
