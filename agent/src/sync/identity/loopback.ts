import { randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { IdentityError } from './identity-error.ts';

/** What the browser is told at the end. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

export interface RedirectListener {
  readonly redirectUri: string;
  close(): void;
}

export interface RedirectOptions {
  readonly path: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Only an answer that carries it is looked at: any page may send the browser here. */
  readonly state: string;
  /** Called once. */
  onAnswer(answer: URL): Promise<Outcome>;
}

const HOST = '127.0.0.1';
/** Long enough for the browser to follow the last redirect. */
const LINGER_MS = 3_000;

/** Waits for the browser's return (RFC 8252 section 7.3): IPv4 loopback only, one answer, then gone. */
export async function listenForRedirect(options: RedirectOptions): Promise<RedirectListener> {
  let outcome: Promise<Outcome> | undefined;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', redirectUri);
    if (url.pathname === '/done' && outcome !== undefined) {
      page(response, 200, await outcome);
      setTimeout(close, 100).unref();
      return;
    }
    if (url.pathname !== options.path || !sameText(url.searchParams.get('state') ?? '', options.state)) {
      return page(response, 404, { ok: false, text: 'There is nothing here.' });
    }
    outcome ??= options.onAnswer(url);
    await outcome;
    setTimeout(close, LINGER_MS).unref();
    // Away from this address: the code must not stay in the history.
    response.writeHead(303, { ...HEADERS, location: '/done' }).end();
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const port = await listen(server, options.port);
  const redirectUri = `http://${HOST}:${port}${options.path}`;
  return { redirectUri, close };
}

/**
 * An address that leads the browser on, once, within `withinMs`: what it leads to stays out of the arguments with
 * which the browser is started, which every user of the machine can read.
 */
export async function leadOn(target: URL, withinMs: number): Promise<string> {
  const path = `/${randomBytes(16).toString('base64url')}`;
  let used = false;
  const server = createServer((request, response) => {
    if (used || request.url !== path)
      return page(response, 404, { ok: false, text: 'There is nothing here.' });
    used = true;
    response.writeHead(303, { ...HEADERS, location: target.href }).end();
    setTimeout(close, 100).unref();
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const port = await listen(server, 0);
  server.unref();
  setTimeout(close, withinMs).unref();
  return `http://${HOST}:${port}${path}`;
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void | Promise<void>;

function createServer(handle: Handler): http.Server {
  const server = http.createServer(
    { requestTimeout: 10_000, maxHeaderSize: 32 * 1024 },
    (request, response) => {
      const { port } = server.address() as AddressInfo;
      // A name that was pointed at loopback (DNS rebinding) arrives with that name.
      if (request.method !== 'GET' || request.headers.host !== `${HOST}:${port}`) {
        return page(response, 400, { ok: false, text: 'There is nothing here.' });
      }
      Promise.resolve(handle(request, response)).catch(() => response.destroy());
    },
  );
  return server;
}

function listen(server: http.Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new IdentityError(
          'sign-in-refused',
          `The browser has no way back: port ${port} can't be listened on (${cause.message}).`,
          'End the program that uses it, or sign in with: postern login --device',
          { cause },
        ),
      ),
    );
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function page(response: http.ServerResponse, status: number, { ok, text }: Outcome): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/html; charset=utf-8', connection: 'close' });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Postern</title>` +
      `<style>body{font:1.1rem system-ui;margin:15vh auto;max-width:30rem;padding:0 1rem}</style>` +
      `<h1>${ok ? 'Signed in' : 'Not signed in'}</h1><p>${escaped(text)}</p></html>`,
  );
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
