import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Flow } from '../../../agent/src/core/flow.ts';
import { ask, eventually, listening, type Rig, startRig, startTlsOrigin } from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));

async function stage(
  flow: Partial<Flow> = {},
): Promise<{ rig: Rig; authority: string; upgrades: http.IncomingMessage[] }> {
  const upgrades: http.IncomingMessage[] = [];
  const origin = await startTlsOrigin({
    http1: (_request, response) => void response.end('plain'),
    upgrade: (request, socket, head) => {
      upgrades.push(request);
      if (request.url === '/denied') {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nX-Why: key\r\n\r\nnope');
        return;
      }
      if (request.url === '/vanish') return void socket.destroy();
      sockets.handleUpgrade(request, socket as net.Socket, head, (client) =>
        sockets.emit('connection', client),
      );
    },
  });
  open.push(origin);
  const rig = await startRig();
  open.push(rig);
  rig.governor.flow = () => flow;
  return { rig, authority: `ai.test:${origin.port}`, upgrades };
}

async function connect(rig: Rig, authority: string, path = '/'): Promise<WebSocket> {
  const socket = await rig.tls(authority);
  const client = new WebSocket(`wss://${authority}${path}`, {
    createConnection: () => socket,
    headers: { 'X-Kept': 'yes' },
  });
  client.on('error', () => undefined);
  return client;
}
const opened = (client: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    client.on('open', resolve);
    client.on('error', reject);
  });
const answered = (client: WebSocket): Promise<http.IncomingMessage> =>
  new Promise((resolve) => client.on('unexpected-response', (_request, response) => resolve(response)));

describe('WebSocket upgrades', () => {
  it('are replayed, accepted and relayed, extensions included; the flow ends with the socket', async () => {
    const { rig, authority, upgrades } = await stage();
    const client = await connect(rig, authority);
    await opened(client);
    expect(client.extensions).toContain('permessage-deflate');
    client.send('hello');
    const reply = await new Promise((resolve) => client.on('message', (data) => resolve(String(data))));
    expect(reply).toBe('echo hello');
    expect(upgrades[0]?.headers).toMatchObject({ 'x-kept': 'yes', host: authority });
    expect(rig.listener.stats()).toMatchObject({ webSockets: 1, flows: 0 });
    expect(rig.governor.flows[0]).toMatchObject({ head: { webSocket: true, hasBody: false }, outcomes: [] });
    client.close();
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'complete' }]);
    expect(flow?.outcomes[0]?.requestBytes).toBeGreaterThan(0);
    expect(rig.listener.stats().webSockets).toBe(0);
  });

  it('that the policy refuses get a plain answer, and nothing is sent', async () => {
    const response = {
      status: 426,
      headers: ['content-type', 'application/json'],
      body: '{"error":"use http"}',
    };
    const { rig, authority, upgrades } = await stage({ requestPlan: { type: 'refuse', response } });
    const answer = await answered(await connect(rig, authority));
    expect(answer.statusCode).toBe(426);
    let body = '';
    for await (const chunk of answer) body += chunk;
    expect(body).toBe('{"error":"use http"}');
    expect(upgrades).toHaveLength(0);
    expect(rig.governor.flows[0]?.outcomes).toMatchObject([{ result: 'refused' }]);
  });

  it('that the upstream declines are answered with its answer, seen by the flow', async () => {
    const { rig, authority } = await stage();
    const answer = await answered(await connect(rig, authority, '/denied'));
    expect(answer).toMatchObject({ statusCode: 401, headers: { 'x-why': 'key' } });
    answer.resume();
    const [flow] = await rig.governor.finished(1);
    expect(flow).toMatchObject({ response: 'nope', outcomes: [{ result: 'complete' }] });
  });

  it('that fail upstream get 502; those that a client abandons end', async () => {
    const { rig, authority } = await stage();
    expect((await answered(await connect(rig, authority, '/vanish'))).statusCode).toBe(502);
    const client = await connect(rig, authority);
    await opened(client);
    client.terminate();
    await rig.governor.finished(2);
    expect(rig.listener.stats().webSockets).toBe(0);
  });

  it('name another host: 421', async () => {
    const { rig, authority, upgrades } = await stage();
    const socket = await rig.tls(authority);
    const client = new WebSocket(`wss://evil.test/`, { createConnection: () => socket });
    client.on('error', () => undefined);
    expect((await answered(client)).statusCode).toBe(421);
    expect(upgrades).toHaveLength(0);
  });

  it('work over plain absolute form', async () => {
    const server = http.createServer();
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket as net.Socket, head, (client) =>
        sockets.emit('connection', client),
      ),
    );
    const origin = await listening(server);
    open.push(origin);
    const rig = await startRig();
    open.push(rig);
    const target = `http://ai.test:${origin.port}/socket`;
    const request = http.request({
      port: rig.port,
      path: target,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
    });
    const switched = new Promise<http.IncomingMessage>((resolve) => request.on('upgrade', resolve));
    request.end();
    const response = await switched;
    expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    response.socket.destroy();
    await rig.governor.finished(1);
  });

  it('to another protocol are served as plain requests: Java clients ask for h2c', async () => {
    const { rig, authority, upgrades } = await stage();
    const headers = [
      'Connection',
      'Upgrade, HTTP2-Settings',
      'Upgrade',
      'h2c',
      'HTTP2-Settings',
      'AAMAAABkAAQAAP',
    ];
    const answer = await ask(await rig.tls(authority), authority, { headers });
    expect(answer.body.toString()).toBe('plain');
    const plain = http.createServer((_request, response) => void response.end('plain too'));
    const origin = await listening(plain);
    open.push(origin);
    const path = `http://ai.test:${origin.port}/`;
    expect((await ask(net.connect(rig.port, '127.0.0.1'), 'x', { path, headers })).body.toString()).toBe(
      'plain too',
    );
    expect(upgrades).toHaveLength(0);
  });

  it('do not keep the agent from stopping', async () => {
    const { rig, authority } = await stage();
    const client = await connect(rig, authority);
    await opened(client);
    const startedAt = Date.now();
    await rig.listener.close(3_000);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    await eventually(() => client.readyState === WebSocket.CLOSED);
  });
});
