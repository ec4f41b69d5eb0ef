/** Who is at the other end: looked up once per inspected connection, waited for within bounds, never for a tunnel. */
import http from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientProcesses, ProcessIdentity } from '../../../agent/src/core/process.ts';
import {
  ask,
  ask2,
  eventually,
  type Origin,
  type Rig,
  startRig,
  startTlsOrigin,
} from '../../kit/edge-rig.ts';
import { createTestAuthority } from '../../kit/pki.ts';

const CURL: ProcessIdentity = { pid: 7, executable: '/usr/bin/curl', command: 'curl' };
const later = <Value>(value: Value, afterMs: number): Promise<Value> =>
  new Promise((resolve) => setTimeout(resolve, afterMs, value));

let origin: Origin;
let rig: Rig;
let authority: string;
let asked: number[] = [];
let patienceMs = 1_000;
let find: () => Promise<ProcessIdentity | undefined> = async () => CURL;
const processes: ClientProcesses = {
  find(clientPort, proxyPort) {
    expect(proxyPort).toBe(rig.port);
    asked.push(clientPort);
    return find();
  },
  patienceMs: () => patienceMs,
};

beforeAll(async () => {
  origin = await startTlsOrigin({
    http1: (request, response) => void request.pipe(response),
    http2: (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    },
  });
  rig = await startRig({ processes });
  authority = `ai.test:${origin.port}`;
});
afterAll(async () => {
  await rig.close();
  await origin.close();
});
beforeEach(() => {
  asked = [];
  patienceMs = 1_000;
  find = () => later(CURL, 40);
  rig.governor.route = () => 'inspect';
  rig.governor.flows.length = 0;
  rig.governor.handshakes.length = 0;
  rig.governor.tunnels.length = 0;
});

describe('an inspected connection', () => {
  it('has its process before the first request is judged, and is looked up once (HTTP/1)', async () => {
    const socket = await rig.tls(authority);
    expect((await ask(socket, authority, { body: 'one' })).body.toString()).toBe('one');
    expect(rig.governor.flows.map(({ connection }) => connection.process)).toEqual([CURL]);
    expect(asked).toEqual([rig.governor.flows[0]?.connection.clientPort]);
    socket.destroy();
  });

  it('the same for HTTP/2, body and all', async () => {
    const session = await rig.http2(authority);
    const headers = { ':method': 'POST', ':path': '/', ':authority': authority };
    const answers = await Promise.all([ask2(session, headers, 'one'), ask2(session, headers, 'two')]);
    expect(answers.map(({ body }) => body.toString())).toEqual(['one', 'two']);
    expect(rig.governor.flows.map(({ connection }) => connection.process)).toEqual([CURL, CURL]);
    expect(asked).toHaveLength(1);
  });

  it('is not waited for longer than patience lasts; what is found later counts from then on', async () => {
    patienceMs = 20;
    const { promise, resolve } = Promise.withResolvers<ProcessIdentity | undefined>();
    find = () => promise;
    const session = await rig.http2(authority);
    const headers = { ':method': 'GET', ':path': '/', ':authority': authority };
    await ask2(session, headers);
    const connection = rig.governor.flows[0]?.connection;
    expect(connection?.process).toBeUndefined();
    resolve(CURL);
    await promise;
    await ask2(session, headers);
    expect(rig.governor.flows[1]?.connection.process).toEqual(CURL);
  });

  it('whose client leaves while it is looked up asks for nothing', async () => {
    find = () => later(CURL, 100);
    const socket = await rig.tls(authority);
    socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    await later(undefined, 30);
    socket.destroy();
    await later(undefined, 120);
    expect(rig.governor.flows).toEqual([]);
  });

  it('that is refused says by whom', async () => {
    const stranger = await createTestAuthority('Somebody Else');
    await expect(rig.tls(authority, { ca: stranger.pem })).rejects.toThrow();
    await eventually(() => rig.governor.handshakes.length === 1);
    expect(rig.governor.handshakes[0]).toMatchObject({ process: CURL });
  });
});

it('a plain request through the proxy has its process too', async () => {
  const plain = http.createServer((_, response) => response.end('plain'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as { port: number };
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const url = `http://ai.test:${port}/`;
    http
      .get({ host: '127.0.0.1', port: rig.port, path: url, headers: { host: `ai.test:${port}` } }, (got) =>
        resolve(got.resume().statusCode),
      )
      .on('error', reject);
  });
  expect(answer).toBe(200);
  expect(rig.governor.flows[0]?.connection.process).toEqual(CURL);
  plain.close();
});

describe('a tunnel', () => {
  it('is told of once; who opened it is looked up only if somebody wants to know', async () => {
    rig.governor.route = () => 'tunnel';
    const socket = await rig.tls(authority);
    expect((await ask(socket, authority)).status).toBe(200);
    expect(rig.governor.tunnels.map(({ target }) => target)).toEqual([
      { host: 'ai.test', port: origin.port },
    ]);
    expect(asked).toEqual([]);
    expect(await rig.governor.tunnels[0]?.who()).toEqual(CURL);
    expect(asked).toHaveLength(1);
    socket.destroy();
  });

  it('is nobody’s business', async () => {
    rig.governor.route = () => 'tunnel';
    const socket = await rig.tls(authority);
    expect((await ask(socket, authority)).status).toBe(200);
    expect(asked).toEqual([]);
    socket.destroy();
  });

  it('of some programs only: asked before the CONNECT is answered', async () => {
    const routes: unknown[] = [];
    rig.governor.route = (_, client) => {
      routes.push(client);
      if (client === undefined) return 'ask-process';
      return client.process === CURL ? 'tunnel' : 'inspect';
    };
    const tunnelled = await rig.tls(authority);
    expect((await ask(tunnelled, authority)).status).toBe(200);
    expect(rig.governor.flows).toEqual([]);
    find = () => later(undefined, 1);
    const inspected = await rig.tls(authority);
    expect((await ask(inspected, authority)).status).toBe(200);
    expect(rig.governor.flows).toHaveLength(1);
    expect(routes).toEqual([undefined, { process: CURL }, undefined, { process: undefined }]);
    expect(asked).toHaveLength(2);
    tunnelled.destroy();
    inspected.destroy();
  });
});
