/** A held request that goes elsewhere than the client said: to another host, and on to the next when that is dead. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Authority } from '../../../agent/src/core/connection.ts';
import type { Flow, RequestVerdict } from '../../../agent/src/core/flow.ts';
import { ask, type Rig, startRig } from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

interface Elsewhere {
  readonly target: Authority;
  readonly seen: { url: string | undefined; host: string | undefined; body: string }[];
}

/** A plain server on loopback; `answer` may break off. */
async function elsewhere(
  answer: (response: http.ServerResponse) => void = (response) => response.end('from elsewhere'),
): Promise<Elsewhere> {
  const seen: Elsewhere['seen'] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      seen.push({ url: request.url, host: request.headers.host, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  const { port } = server.address() as AddressInfo;
  return { target: { host: '127.0.0.1', port, configured: true }, seen };
}

/** A port that nobody listens on. */
async function dead(): Promise<Authority> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host: '127.0.0.1', port, configured: true };
}

async function send(flow: Partial<Flow>, body = 'a prompt') {
  const rig: Rig = await startRig();
  open.push(rig);
  rig.governor.flow = () => flow;
  const answer = await ask(await rig.tls('ai.test:443'), 'ai.test:443', { method: 'POST', body });
  return { status: answer.status, headers: answer.headers, body: answer.body.toString(), rig };
}

const to = (
  target: Authority,
  more: Partial<Extract<RequestVerdict, { type: 'forward' }>> = {},
): RequestVerdict => ({
  type: 'forward',
  target,
  scheme: 'http',
  ...more,
});
const held: Flow['requestPlan'] = { type: 'hold', maxBytes: 1_000 };

describe('another target', () => {
  it('gets the request with its own Host, path and scheme', async () => {
    const there = await elsewhere();
    const { status, body } = await send({
      requestPlan: held,
      requestBody: () => to(there.target, { path: '/mapped?x=1', body: Buffer.from('mapped') }),
    });
    expect([status, body]).toEqual([200, 'from elsewhere']);
    const { port } = there.target;
    expect(there.seen).toEqual([{ url: '/mapped?x=1', host: `127.0.0.1:${port}`, body: 'mapped' }]);
  });

  it('may be answered under another status', async () => {
    const there = await elsewhere((response) => {
      response.writeHead(246, 'Warned', { 'Set-Cookie': 'session=1' });
      response.end('ok');
    });
    const answered = await send({
      requestPlan: held,
      requestBody: () => to(there.target),
      responseHead: () => ({ type: 'pass', status: 200, removeHeaders: ['set-cookie'] }),
    });
    expect(answered.status).toBe(200);
    expect(answered.headers['set-cookie']).toBeUndefined();
  });
});

describe('a target that does not answer', () => {
  it('is followed by the next, with the same body', async () => {
    const there = await elsewhere();
    const causes: string[] = [];
    const first = await dead();
    const { status, body } = await send({
      requestPlan: held,
      requestBody: () => to(first),
      sendFailed: (cause) => {
        causes.push(cause);
        return to(there.target);
      },
    });
    expect([status, body, causes]).toEqual([200, 'from elsewhere', ['connect-refused']]);
    expect(there.seen[0]?.body).toBe('a prompt');
  });

  it('is followed by a refusal, if the flow says so', async () => {
    const first = await dead();
    const { status, body } = await send({
      requestPlan: held,
      requestBody: () => to(first),
      sendFailed: () => ({ type: 'refuse', response: { status: 400, headers: [], body: 'no gateway' } }),
    });
    expect([status, body]).toEqual([400, 'no gateway']);
  });

  it('is told to the client as ever, if the flow says nothing', async () => {
    const first = await dead();
    const { status } = await send({
      requestPlan: held,
      requestBody: () => to(first),
      sendFailed: () => undefined,
    });
    expect(status).toBe(502);
  });

  it('after the first byte of an answer nothing is sent a second time', async () => {
    const there = await elsewhere((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    let asked = 0;
    await send({
      requestPlan: held,
      requestBody: () => to(there.target),
      sendFailed: () => {
        asked += 1;
        return to(there.target);
      },
    }).catch(() => undefined);
    expect([asked, there.seen.length]).toEqual([0, 1]);
  });

  it('a streamed body is not sent again', async () => {
    const first = await dead();
    let asked = 0;
    const { status } = await send({
      requestPlan: { type: 'stream', target: first },
      sendFailed: () => {
        asked += 1;
        return undefined;
      },
    });
    expect([asked, status]).toEqual([0, 502]);
  });
});
