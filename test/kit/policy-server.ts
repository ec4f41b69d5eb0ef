/** A static server for a bundle repository, as a bucket or CDN would be, with everything that can go wrong with one. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export interface PolicyServer {
  readonly url: string;
  readonly hintUrl: string;
  /** Path and status of each call, oldest first. */
  readonly log: { readonly path: string; readonly status: number }[];
  /** Replaces what is said for a path, or for all of them; undefined: the file again. */
  say(pathname: string | '*', answer: Answer | undefined): void;
  /** Serves another folder from now on. */
  serve(directory: string): void;
  /** To every open event stream. */
  hint(): void;
  close(): Promise<void>;
}

export async function openPolicyServer(
  first: string,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<PolicyServer> {
  let directory = first;
  const special = new Map<string, Answer>();
  const streams = new Set<http.ServerResponse>();
  const log: PolicyServer['log'] = [];
  const listener: Answer = (request, response) => {
    const pathname = new URL(request.url ?? '/', 'http://x').pathname;
    response.on('close', () => log.push({ path: pathname, status: response.statusCode }));
    const answer = special.get(pathname) ?? special.get('*');
    if (answer !== undefined) return answer(request, response);
    if (pathname === '/hint') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    serveFile(path.join(directory, decodeURIComponent(pathname)), request, response);
  };
  const server =
    certificate === undefined
      ? http.createServer(listener)
      : https.createServer({ ...certificate }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = certificate === undefined ? `http://127.0.0.1:${port}/` : `https://localhost:${port}/`;
  return {
    url,
    hintUrl: `${url}hint`,
    log,
    say(pathname, answer) {
      if (answer === undefined) special.delete(pathname);
      else special.set(pathname, answer);
    },
    serve(next) {
      directory = next;
    },
    hint() {
      for (const stream of streams) stream.write('data: new\n\n');
    },
    async close() {
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function serveFile(file: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  if (!existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end('not found');
    return;
  }
  const bytes = readFileSync(file);
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
  const fresh = path.basename(file) === 'timestamp.json';
  const headers = {
    etag,
    'cache-control': fresh ? 'no-cache, max-age=5' : 'public, max-age=31536000, immutable',
    'content-type': 'application/octet-stream',
  };
  if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
}
