import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import { createClient } from '../../agent/src/serve/client.ts';
import type { Handlers, WatchEvent } from '../../agent/src/serve/contract.ts';
import { createIncidentLog } from '../../agent/src/serve/incident-log.ts';
import { createLocalApi, type LocalApi } from '../../agent/src/serve/local-api.ts';
import { LocalApiError } from '../../agent/src/serve/local-api-error.ts';
import { handlers, healthyStatus, NO_ADMIN, oneExchange } from '../kit/agent-status.ts';

let home: string;
let api: LocalApi | undefined;
const internalErrors: unknown[] = [];
const leases: number[] = [];
const socketPath = (): string => path.join(home, 'agent.sock');
const token = (): string => fs.readFileSync(path.join(home, 'agent.token'), 'utf8');

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  internalErrors.length = 0;
  leases.length = 0;
});
afterEach(async () => {
  await api?.close();
  api = undefined;
  fs.rmSync(home, { recursive: true, force: true });
});

async function serve(changes: Partial<Handlers> = {}): Promise<LocalApi> {
  api = await createLocalApi({
    socketPath: socketPath(),
    tokenFile: path.join(home, 'agent.token'),
    handlers: handlers(changes),
    writePrivateFile,
    admin: NO_ADMIN,
    onRefused: () => undefined,
    onInternalError: (_call, error) => internalErrors.push(error),
    onLeases: (count) => leases.push(count),
    metrics: async () => 'postern_calls_total 1\n',
  });
  return api;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: { error?: { code: string; message: string } };
}

function raw(
  headers: Record<string, string>,
  options: { method?: string; path?: string; body?: string } = {},
): Promise<RawAnswer> {
  const { method = 'GET', path: target = '/v1/status', body } = options;
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: socketPath(), method, path: target, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

const good = (): Record<string, string> => ({ host: 'postern', authorization: `Bearer ${token()}` });

test('metrics are text for whoever has the token, and for nobody else', async () => {
  await serve();
  expect(await createClient(socketPath(), token()).metrics()).toBe('postern_calls_total 1\n');
  await expect(createClient(socketPath(), 'guessed').metrics()).rejects.toMatchObject({
    code: 'unauthorized',
  });
  expect((await raw({ ...good(), origin: 'https://evil.example' }, { path: '/metrics' })).status).toBe(403);
});

describe('who may speak', () => {
  test.each<[string, (headers: Record<string, string>) => Record<string, string>, number, string]>([
    ['no token', ({ host }) => ({ host: host! }), 401, 'unauthorized'],
    ['a wrong token', (h) => ({ ...h, authorization: `${h['authorization']}x` }), 401, 'unauthorized'],
    [
      'a token without Bearer',
      (h) => ({ ...h, authorization: h['authorization']!.slice(7) }),
      401,
      'unauthorized',
    ],
    ['a web page', (h) => ({ ...h, origin: 'https://evil.example' }), 403, 'origin-refused'],
    ['a sandboxed page', (h) => ({ ...h, origin: 'null' }), 403, 'origin-refused'],
    ['our own origin', (h) => ({ ...h, origin: 'http://postern' }), 403, 'origin-refused'],
    ['a browser without Origin', (h) => ({ ...h, 'sec-fetch-site': 'none' }), 403, 'origin-refused'],
    ['another Host', (h) => ({ ...h, host: 'evil.example' }), 403, 'host-refused'],
    ['localhost as Host', (h) => ({ ...h, host: 'localhost:7843' }), 403, 'host-refused'],
  ])('%s is refused', async (_name, change, status, code) => {
    await serve();
    const answer = await raw(change(good()));
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('an OPTIONS preflight gets no permission', async () => {
    await serve();
    const answer = await raw({ ...good(), origin: 'https://evil.example' }, { method: 'OPTIONS' });
    expect(answer.status).toBe(403);
  });

  test('the token is 0600, 256 bits, new at every start and gone afterwards; the socket is 0600', async () => {
    await serve();
    const first = token();
    expect(Buffer.from(first, 'base64url')).toHaveLength(32);
    expect(fs.statSync(path.join(home, 'agent.token')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(socketPath()).mode & 0o777).toBe(0o600);
    await api?.close();
    expect(fs.existsSync(path.join(home, 'agent.token'))).toBe(false);
    await serve();
    expect(token()).not.toBe(first);
  });

  test('a form or text body is refused, as is one that is too large or not JSON', async () => {
    await serve();
    const post = (type: string, body: string): Promise<RawAnswer> =>
      raw({ ...good(), 'content-type': type }, { method: 'POST', path: '/v1/pause', body });
    expect((await post('text/plain', '{}')).body.error?.code).toBe('unsupported-media-type');
    expect((await post('application/x-www-form-urlencoded', 'a=1')).status).toBe(415);
    expect((await post('application/json', `"${'x'.repeat(70_000)}"`)).body.error?.code).toBe('too-large');
    expect((await post('application/json', '{')).body.error?.code).toBe('bad-request');
    expect((await post('application/json', '{"minutes":1,"reason":"x","__proto__":{"a":1}}')).status).toBe(
      400,
    );
  });
});

describe('calls', () => {
  test('every call of the contract, through the typed client', async () => {
    await serve();
    const client = createClient(socketPath(), token());
    expect((await client.status({})).policy.name).toBe('baseline');
    expect((await client.exchanges({ limit: 1, app: 'claude-code' })).exchanges).toEqual([oneExchange()]);
    expect((await client.exchange({ id: 'd-1' })).id).toBe('d-1');
    expect((await client.usage({ by: 'model' })).by).toBe('model');
    expect((await client.pause({ minutes: 5, reason: 'lunch' })).untilMs).toBeGreaterThan(Date.now());
    expect(await client.resume({})).toEqual({ done: true });
    expect((await client.reload({})).problems).toEqual([]);
    expect(await client.stop({})).toEqual({ done: true });
  });

  test('typed errors cross the border', async () => {
    await serve({
      pause: () => {
        throw new LocalApiError('forbidden', 'Your organisation has switched pausing off.');
      },
    });
    const client = createClient(socketPath(), token());
    await expect(client.pause({ minutes: 5, reason: 'x' })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'Your organisation has switched pausing off.',
    });
    await expect(client.exchange({ id: '../../etc' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(client.pause({ minutes: 0, reason: 'x' })).rejects.toMatchObject({ code: 'bad-request' });
    expect((await raw(good(), { path: '/v1/exchanges?limit=9999' })).status).toBe(400);
    expect((await raw(good(), { path: '/v1/exchanges?unknown=1' })).status).toBe(400);
    expect((await raw(good(), { path: '/v2' })).body.error?.code).toBe('not-found');
  });

  test('a handler that throws costs one call, and its message stays inside', async () => {
    await serve({
      usage: () => {
        throw new Error('SECRET detail');
      },
    });
    const client = createClient(socketPath(), token());
    const error = await client.usage({}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'internal' });
    expect(String(error)).not.toContain('SECRET');
    expect(String(internalErrors[0])).toContain('SECRET');
    expect((await client.status({})).state).toBe('running');
  });

  test('nobody there is its own code', async () => {
    await expect(createClient(socketPath(), 'x').status({})).rejects.toMatchObject({ code: 'not-running' });
    const server = net.createServer().listen(socketPath());
    await new Promise((resolve) => server.once('listening', resolve));
    fs.renameSync(socketPath(), `${socketPath()}.moved`); // left behind, as by a crash
    await new Promise((resolve) => server.close(resolve));
    await expect(createClient(`${socketPath()}.moved`, 'x').status({})).rejects.toMatchObject({
      code: 'not-running',
    });
  });

  test("a dead agent's socket is replaced, a living one's is not", async () => {
    const dead = net.createServer().listen(`${socketPath()}.x`);
    await new Promise((resolve) => dead.once('listening', resolve));
    fs.renameSync(`${socketPath()}.x`, socketPath());
    await new Promise((resolve) => dead.close(resolve));
    expect(fs.existsSync(socketPath())).toBe(true);
    const first = await serve();
    await expect(serve()).rejects.toMatchObject({ code: 'socket-in-use' });
    expect((await createClient(socketPath(), token()).status({})).state).toBe('running');
    await first.close();
  });
});

describe('watch', () => {
  test('a snapshot, then only what changed, gathered; exchanges at once', async () => {
    let status = healthyStatus({ pause: { untilMs: 1, reason: 'r' } });
    const served = await serve({ status: () => status });
    const events: WatchEvent[] = [];
    const client = createClient(socketPath(), token());
    const watch = await client.watch({ onEvent: (event) => void events.push(event) });
    expect(watch.snapshot).toEqual(status);
    const { pause: _pause, ...rest } = status;
    status = { ...rest, counters: { ...rest.counters, exchanges: 5 } };
    for (let i = 0; i < 100; i += 1) served.changed();
    served.exchangeEnded(() => oneExchange({ id: 'd-2' }));
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(events[0]).toEqual({ type: 'exchange', exchange: oneExchange({ id: 'd-2' }) });
    expect(events[1]).toEqual({ type: 'change', status: { counters: status.counters }, removed: ['pause'] });
    watch.close();
    await vi.waitFor(() => expect(served.watchers).toBe(0));
  });

  test('leases are counted, also when the holder dies; the end of the agent is told', async () => {
    const served = await serve();
    const client = createClient(socketPath(), token());
    const ended: string[] = [];
    const a = await client.watch({ lease: true, onEnd: () => void ended.push('end') });
    await client.watch({ onEnd: () => void ended.push('end') });
    const b = await client.watch({ lease: true });
    expect(leases).toEqual([1, 2]);
    a.close();
    b.close();
    await vi.waitFor(() => expect(leases.at(-1)).toBe(0));
    await served.close();
    api = undefined;
    await vi.waitFor(() => expect(ended).toHaveLength(2));
  });

  test('one that comes back gets what it missed, once; after another run it is told that it can’t', async () => {
    const served = await serve();
    const client = createClient(socketPath(), token());
    const first: WatchEvent[] = [];
    const before = await client.watch({ onEvent: (event) => void first.push(event) });
    served.exchangeEnded(() => oneExchange({ id: 'd-1' }));
    await vi.waitFor(() => expect(first).toHaveLength(1));
    const after = before.lastEventId!;
    before.close();
    for (const id of ['d-2', 'd-3']) served.exchangeEnded(() => oneExchange({ id }));
    const seen: string[] = [];
    const onEvent = (event: WatchEvent): void =>
      void seen.push(event.type === 'exchange' ? event.exchange.id : event.type);
    const again = await client.watch({ after, onEvent });
    expect(again.missed).toBe(false);
    await vi.waitFor(() => expect(seen).toEqual(['d-2', 'd-3']));
    again.close();
    for (const odd of ['other-run-1', `${after.split('-')[0]}-99`, 'x', after.replace(/-\d+$/, '-')])
      expect((await client.watch({ after: odd })).missed, odd).toBe(true);
    for (let i = 0; i < 600; i += 1) served.exchangeEnded(() => oneExchange({ id: `e-${i}` }));
    expect((await client.watch({ after })).missed).toBe(true);
  });

  test('nothing is computed while nobody watches', async () => {
    const status = vi.fn(() => healthyStatus());
    const served = await serve({ status });
    served.changed();
    served.exchangeEnded(() => {
      throw new Error('must not be asked');
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(status).not.toHaveBeenCalled();
  });
});

test('the incident log is bounded, counted and latest first', () => {
  const log = createIncidentLog(2);
  log.add('a', 'x'.repeat(1000), 1);
  log.add('b', 'b', 2);
  log.add('a', 'again', 3);
  expect(log.list().map(({ code, count }) => `${code}${count}`)).toEqual(['a2', 'b1']);
  log.add('c', 'c', 4);
  expect(log.list().map(({ code }) => code)).toEqual(['c', 'a']);
  expect(log.list()[1]?.detail).toBe('again');
});
