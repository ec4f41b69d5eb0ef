/** curl over HTTP/1.1 and HTTP/2, a real WebSocket client, compressed bodies, and what must stay untouched. */

import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment, liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const ANSWER = 'Hello! I am the fake provider, and I answer every question the same way.';
let office: Office;
let tunnelled: https.Server;

beforeAll(async () => {
  tunnelled = https.createServer((request, response) => {
    response.setHeader('x-seen', 'origin');
    request.pipe(response);
  });
  await new Promise<void>((resolve) => tunnelled.listen(0, '127.0.0.1', resolve));
  const { port } = tunnelled.address() as AddressInfo;
  office = await openOffice({
    proxyCredentials: { user: 'laptop', password: 'p@ss word' },
    route: (host) => (host === 'private.example' ? port : undefined),
    config: {},
  });
  tunnelled.setSecureContext(await office.authority.issue({ names: ['private.example'] }));
});
beforeEach(() => {
  office.provider.received.length = 0;
  office.proxy.connects.length = 0;
});
afterAll(async () => {
  await office.stop();
  tunnelled.close();
});

const curl = (args: readonly string[]) =>
  runClient(
    'curl',
    ['-sS', '--max-time', '20', '--proxy', office.ready.proxy, '--cacert', office.ready.ca, ...args],
    {
      env: cleanEnvironment(),
      timeoutMs: 25_000,
    },
  );

const chat = (prompt: string, stream = false): string =>
  JSON.stringify({ model: 'gpt-4o-mini', stream, messages: [{ role: 'user', content: prompt }] });
const json = ['-H', 'content-type: application/json', '-H', 'authorization: Bearer sk-x'];
const CHAT = 'https://api.openai.com/v1/chat/completions';

describe.each(['--http1.1', '--http2'])('curl %s', (version) => {
  it('gets an answer that carries a decision id', async () => {
    const ran = await curl([version, '-i', ...json, '-d', chat('hi'), CHAT]);
    expect(ran.stderr + ran.stdout).toMatch(/^HTTP\/[12](\.1)? 200/m);
    expect(ran.stdout).toMatch(/x-postern-decision: \S+/i);
    expect(ran.stdout).toContain(ANSWER);
  });

  it('streams events', async () => {
    const ran = await curl([version, '-N', ...json, '-d', chat('hi', true), CHAT]);
    expect(ran.stdout).toContain('data: [DONE]');
  });

  it('is refused with 400 in the shape of the provider', async () => {
    const ran = await curl([
      version,
      '-w',
      '\n%{http_code}',
      ...json,
      '-d',
      chat(`key ${liveLookingAwsKey(3)}`),
      CHAT,
    ]);
    const [body = '', status] = ran.stdout.split('\n');
    expect(status).toBe('400');
    expect(JSON.parse(body)).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(office.provider.received).toHaveLength(0);
  });
});

describe.each(['gzip', 'br', 'deflate', 'zstd'] as const)('request bodies in %s', (coding) => {
  const compress = {
    gzip: zlib.gzipSync,
    br: zlib.brotliCompressSync,
    deflate: zlib.deflateSync,
    zstd: zlib.zstdCompressSync,
  }[coding];
  const send = (prompt: string) => {
    const file = path.join(office.folder, `body.${coding}`);
    writeFileSync(file, compress(Buffer.from(chat(prompt))));
    return curl([
      '-w',
      '\n%{http_code}',
      ...json,
      '-H',
      `content-encoding: ${coding}`,
      '--data-binary',
      `@${file}`,
      CHAT,
    ]);
  };

  it('are read and pass unchanged', async () => {
    const ran = await send('hello in another coding');
    expect(ran.stdout).toMatch(/200$/);
    expect(office.provider.received[0]?.headers['content-encoding']).toBe(coding);
    expect(office.provider.received[0]?.body).toBe(chat('hello in another coding'));
  });

  it('are checked', async () => {
    const ran = await send(`use ${liveLookingAwsKey(5)}`);
    expect(ran.stdout).toMatch(/400$/);
    expect(office.provider.received).toHaveLength(0);
  });
});

describe('Responses over WebSocket', () => {
  const open = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const proxy = new URL(office.ready.proxy);
      const agent = new https.Agent();
      agent.createConnection = (_options, done) => {
        const connect = http.request({
          host: proxy.hostname,
          port: proxy.port,
          method: 'CONNECT',
          path: 'api.openai.com:443',
        });
        connect.on('connect', (_answer, socket) => {
          done?.(
            null,
            tls.connect({ socket, servername: 'api.openai.com', ca: readFileSync(office.ready.ca) }),
          );
        });
        connect.on('error', reject);
        connect.end();
        return undefined;
      };
      const socket = new WebSocket('wss://api.openai.com/v1/responses', {
        agent,
        headers: { authorization: 'Bearer sk-x' },
      });
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
    });
  const until = (socket: WebSocket, last: RegExp): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const seen: string[] = [];
      socket.on('message', (data) => {
        seen.push(String(data));
        if (last.test(String(data))) resolve(seen);
      });
      socket.on('close', (code) => reject(new Error(`closed ${code} after ${seen.join('\n')}`)));
    });
  const create = (input: string, extra: object = {}): string =>
    JSON.stringify({ type: 'response.create', model: 'gpt-4o-mini', input, ...extra });

  it('answers, prewarm included', async () => {
    const socket = await open();
    const warm = until(socket, /response\.completed/);
    socket.send(create('', { generate: false }));
    await warm;
    const answer = until(socket, /"sequence_number":\d+.*Hello! I am|Hello! I am.*/);
    socket.send(create('hi there'));
    await answer;
    socket.removeAllListeners('close');
    socket.close();
    expect(office.provider.received.map((call) => call.transport)).toEqual(['websocket', 'websocket']);
  });

  it('is refused by an error frame, and the connection lives on', async () => {
    const socket = await open();
    const refusal = until(socket, /"error"/);
    socket.send(create(`key ${liveLookingAwsKey(9)}`));
    const frame = JSON.parse((await refusal).at(-1) ?? '{}') as { type: string; status: number };
    expect(frame).toMatchObject({ type: 'error', status: 400 });
    expect(frame).not.toHaveProperty('status_code');
    const answer = until(socket, /response\.completed/);
    socket.send(create('and now without'));
    await answer;
    socket.removeAllListeners('close');
    socket.close();
    expect(office.provider.received).toHaveLength(1);
  });
});

describe('everything else', () => {
  it('is tunnelled with its own certificate, through the corporate proxy', async () => {
    const ca = path.join(office.folder, 'provider-ca.pem');
    writeFileSync(ca, office.authority.pem);
    const ran = await runClient(
      'curl',
      [
        '-sSi',
        '--proxy',
        office.ready.proxy,
        '--cacert',
        ca,
        '-d',
        liveLookingAwsKey(2),
        'https://private.example/x',
      ],
      {
        env: cleanEnvironment(),
        timeoutMs: 20_000,
      },
    );
    expect(ran.stdout).toContain('x-seen: origin');
    expect(ran.stdout).not.toMatch(/x-postern/i);
    expect(office.proxy.connects).toEqual(['private.example:443']);
  });

  it('serves a PAC that names AI hosts only', async () => {
    const pac = await fetch(office.ready.pac);
    expect(pac.headers.get('content-type')).toContain('application/x-ns-proxy-autoconfig');
    const script = await pac.text();
    expect(script).toContain('api.openai.com');
    expect(script).not.toMatch(/dnsResolve|isInNet|myIpAddress|isResolvable/);
  });

  it('survives nonsense on its port', async () => {
    const { hostname, port } = new URL(office.ready.proxy);
    for (const bytes of [
      'GET / HTTP/1.0\r\n\r\n',
      '\x16\x03\x01garbage',
      'CONNECT ../../x:443 HTTP/1.1\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\0\0\0\0',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = net.connect(Number(port), hostname, () => socket.end(bytes));
        socket.on('close', () => resolve());
        socket.on('error', () => resolve());
        socket.resume();
      });
    }
    expect((await curl([...json, '-d', chat('still there?'), CHAT])).stdout).toContain(ANSWER);
  });
});
