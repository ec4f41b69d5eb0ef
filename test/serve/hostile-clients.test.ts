/** Clients that mean harm, or are broken, at the local API's socket: others are still answered, and nothing is done. */
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import { createClient } from '../../agent/src/serve/client.ts';
import type { Handlers } from '../../agent/src/serve/contract.ts';
import { createLocalApi, type LocalApi } from '../../agent/src/serve/local-api.ts';
import { handlers, NO_ADMIN } from '../kit/agent-status.ts';

let home: string;
let api: LocalApi;
const done: string[] = [];
const open: Socket[] = [];
const socketPath = (): string => path.join(home, 'agent.sock');
const token = (): string => fs.readFileSync(path.join(home, 'agent.token'), 'utf8');

beforeEach(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  done.length = 0;
  const act = (name: keyof Handlers) => () => {
    done.push(name);
    return { done: true as const };
  };
  api = await createLocalApi({
    socketPath: socketPath(),
    tokenFile: path.join(home, 'agent.token'),
    handlers: handlers({ stop: act('stop'), resume: act('resume') }),
    admin: NO_ADMIN,
    onRefused: () => undefined,
    writePrivateFile,
    onInternalError: (_call, error) => {
      throw error;
    },
  });
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await api.close();
  fs.rmSync(home, { recursive: true, force: true });
});

async function connect(): Promise<Socket> {
  const socket = net.connect(socketPath());
  socket.on('error', () => undefined); // the server may end it at any moment
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** What the server says to these bytes until it closes or falls silent. */
async function say(bytes: string | Buffer): Promise<string> {
  const socket = await connect();
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.write(bytes);
  await vi.waitFor(() => expect(answer.includes('\r\n\r\n') || socket.closed).toBe(true), 5_000);
  return answer;
}

const answers = async (): Promise<void> =>
  expect((await createClient(socketPath(), token()).status({})).state).toBe('running');
const head = (more: string, target = '/v1/stop', method = 'POST'): string =>
  `${method} ${target} HTTP/1.1\r\nhost: postern\r\nauthorization: Bearer ${token()}\r\n${more}\r\n`;

it('hundreds of connections that say nothing, or half a request, keep nobody else waiting', async () => {
  for (let each = 0; each < 300; each += 1) {
    const socket = await connect();
    if (each % 2 === 0) socket.write('POST /v1/stop HTTP/1.1\r\nhost: pos');
  }
  await answers();
  expect(done).toEqual([]);
});

it.each([
  ['bytes that are no HTTP', () => Buffer.from([0x16, 0x03, 0x01, 0xff, 0x00, 0x0a])],
  ['a head that never ends', () => `GET /v1/status HTTP/1.1\r\nx: ${'a'.repeat(100_000)}`],
  ['two lengths', () => head('content-length: 2\r\ncontent-length: 3\r\ncontent-type: application/json\r\n')],
  [
    'a length and chunks',
    () => head('content-length: 2\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n'),
  ],
  ['a bare line feed in a header', () => head('x: a\nauthorization: Bearer x\r\n')],
  ['a null in the target', () => head('', '/v1/stop\0')],
  ['a method of its own', () => head('', '/v1/stop', 'STOP')],
])('%s: refused, and the next one is answered', async (_name, bytes) => {
  expect(await say(bytes())).not.toMatch(/^HTTP\/1\.1 2/);
  await answers();
  expect(done).toEqual([]);
});

describe('no detour leads to a call', () => {
  it.each([
    ['another method', () => head('', '/v1/stop', 'GET')],
    ['a method in a header', () => head('x-http-method-override: POST\r\n', '/v1/stop', 'GET')],
    ['dots', () => head('content-length: 0\r\n', '/v1/x/../stop')],
    ['a doubled slash', () => head('content-length: 0\r\n', '//v1/stop')],
    ['upper case', () => head('content-length: 0\r\n', '/V1/STOP')],
    ['a trailing slash', () => head('content-length: 0\r\n', '/v1/stop/')],
    ['another scheme and host', () => head('content-length: 0\r\n', 'http://evil.example/v1/stop')],
    [
      'the token in the address',
      () => `POST /v1/stop?token=${token()} HTTP/1.1\r\nhost: postern\r\ncontent-length: 0\r\n\r\n`,
    ],
    [
      'the token in a cookie',
      () =>
        `POST /v1/stop HTTP/1.1\r\nhost: postern\r\ncookie: token=${token()}\r\ncontent-length: 0\r\n\r\n`,
    ],
    [
      'a body that is a form',
      () => head('content-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n').concat('a=b'),
    ],
    [
      'an upgrade',
      () =>
        head('connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: eA==\r\n', '/v1/watch', 'GET'),
    ],
  ])('%s', async (name, bytes) => {
    const answer = await say(bytes());
    expect(done, answer).toEqual([]);
    if (name !== 'an upgrade') expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
    expect(answer).not.toMatch(/^HTTP\/1\.1 101/);
  });
});

it('a second request behind a refused one is judged by itself', async () => {
  const bad = 'POST /v1/resume HTTP/1.1\r\nhost: postern\r\ncontent-length: 0\r\n\r\n';
  await say(bad + head('origin: https://evil.example\r\ncontent-length: 0\r\n'));
  await answers();
  expect(done).toEqual([]);
});

it('more watchers than anybody needs are turned away, and those that were there stay', async () => {
  const client = createClient(socketPath(), token());
  const watches = await Promise.all(Array.from({ length: 64 }, () => client.watch({})));
  await expect(client.watch({})).rejects.toMatchObject({ code: 'unavailable' });
  await answers();
  expect(api.watchers).toBe(64);
  for (const watch of watches) watch.close();
});

it('a watcher that never reads costs a bounded memory and holds nobody up', async () => {
  const socket = await connect();
  socket.pause();
  socket.write(head('', '/v1/watch', 'GET'));
  await vi.waitFor(() => expect(api.watchers).toBe(1));
  const long = 'x'.repeat(50_000);
  for (let each = 0; each < 100; each += 1)
    api.exchangeEnded(() => ({ ...JSON.parse(JSON.stringify({ id: `${each}` })), cause: long }));
  await vi.waitFor(() => expect(api.watchers).toBe(0));
  await answers();
});
