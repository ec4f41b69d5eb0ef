import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createListener } from '../../agent/src/intercept/listener.ts';
import {
  ask,
  ask2,
  connectThrough,
  eventually,
  listening,
  type Origin,
  type Rig,
  type RigOptions,
  startRig,
  startTlsOrigin,
} from '../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
async function keep<T extends { close(): Promise<void> }>(thing: Promise<T>): Promise<T> {
  const kept = await thing;
  open.push(kept);
  return kept;
}
const rigWith = (options?: RigOptions): Promise<Rig> => keep(startRig(options));

/** Sends bytes as they are and returns all that comes back until the proxy closes. */
function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.write(bytes);
  });
}

describe('listening', () => {
  it('refuses any address but loopback, and says that a port is taken', async () => {
    const rig = await rigWith();
    const options = {
      ...rigListenerOptions(rig),
    };
    await expect(createListener({ ...options, host: '0.0.0.0' }).listen()).rejects.toMatchObject({
      code: 'host-not-loopback',
    });
    await expect(createListener({ ...options, port: rig.port }).listen()).rejects.toMatchObject({
      code: 'port-in-use',
      name: 'InterceptError',
    });
  });

  it('drains: a flow in progress ends whole, new connections are refused', async () => {
    let finish = (): void => {};
    const origin = await keep(
      startTlsOrigin({
        http1: (_request, response) => {
          response.write('first ');
          finish = () => response.end('last');
        },
      }),
    );
    const rig = await rigWith();
    const answer = ask(await rig.tls(`ai.test:${origin.port}`), `ai.test:${origin.port}`);
    await eventually(() => rig.governor.flows[0]?.response === 'first ');
    const closed = rig.listener.close(3_000);
    await expect(connectThrough(rig.port, 'ai.test:1')).rejects.toThrow();
    finish();
    expect((await answer).body.toString()).toBe('first last');
    await closed;
    expect(rig.listener.stats()).toMatchObject({ connections: 0, flows: 0, tunnels: 0 });
  });

  it('destroys what is left after the grace', async () => {
    const origin = await keep(
      startTlsOrigin({ http1: (_request, response) => void response.write('never ') }),
    );
    const rig = await rigWith();
    const answer = ask(await rig.tls(`ai.test:${origin.port}`), `ai.test:${origin.port}`);
    const failed = expect(answer).rejects.toThrow();
    await eventually(() => rig.governor.flows[0]?.response === 'never ');
    const startedAt = Date.now();
    await rig.listener.close(100);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    await failed;
    expect(rig.governor.flows[0]?.outcomes).toHaveLength(1);
  });
});

function rigListenerOptions(rig: Rig) {
  return {
    host: '127.0.0.1',
    port: 0,
    governor: rig.governor,
    certificates: { covers: () => false, forHost: () => Promise.reject(new Error('none')) },
    outgoing: {
      openTunnel: () => Promise.reject(new Error('none')),
      openTls: () => Promise.reject(new Error('none')),
      request: () => ({ resume() {}, abort() {} }),
      close: () => Promise.resolve(),
    },
    relayWebSocket: () => Promise.reject(new Error('none')),
    pac: () => ({ script: '', version: '' }),
    newId: () => '1',
    nowMs: Date.now,
    allowPrivateTargets: false,
  };
}

describe('requests to the proxy itself', () => {
  it('serves the PAC file, with and without a version, and an explaining 404 for the rest', async () => {
    const { port } = await rigWith();
    for (const path of ['/proxy.pac', '/proxy.pac?v=v1']) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/x-ns-proxy-autoconfig');
      expect(response.headers.get('cache-control')).toBe('max-age=60');
      expect(response.headers.get('etag')).toBe('"v1"');
      expect(await response.text()).toContain('FindProxyForURL');
    }
    const other = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(other.status).toBe(404);
    expect(await other.text()).toContain('/proxy.pac');
  });

  it('survives HTTP/1.0 without Host, and HTTP/1.1 without Host', async () => {
    const { port } = await rigWith();
    expect(await raw(port, 'GET /proxy.pac HTTP/1.0\r\n\r\n')).toContain('200 OK');
    expect(await raw(port, 'GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain('404');
    expect(await raw(port, 'GET http://x HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 50[24]/);
  });
});

describe('CONNECT', () => {
  it.each([
    'example.com',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    ':443',
    '../keys/ca.private:443',
    'user@example.com:443',
    'exa mple.com:443',
    '127.1:443',
    '2130706433:443',
    '0x7f.0.0.1:443',
    '[::1:443',
    '[fe80::1%25eth0]:443',
    'ex\u00e4mple.com:443',
    `${'a'.repeat(64)}.com:443`,
  ])('refuses %s with 400', async (authority) => {
    const { port } = await rigWith();
    const answer = await raw(port, Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`, 'latin1'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each([
    '127.0.0.1:22',
    '127.9.9.9:22',
    'localhost:22',
    'api.localhost:443',
    '[::1]:22',
    '[::]:22',
    '0.0.0.0:22',
    '169.254.169.254:80',
    '[fe80::1]:80',
    '[::ffff:127.0.0.1]:80',
    '10.0.0.1:443',
    '172.16.5.5:443',
    '192.168.1.1:443',
    '100.64.0.1:443',
    '[fd00::1]:443',
  ])('refuses %s with 403, naming the setting', async (authority) => {
    const rig = await rigWith({ allowPrivateTargets: false });
    const answer = await raw(rig.port, `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('upstream.allowPrivateTargets');
  });

  it('never connects to itself, whatever is allowed', async () => {
    const rig = await rigWith({ allowPrivateTargets: true });
    const answer = await raw(rig.port, `CONNECT 127.0.0.1:${rig.port} HTTP/1.1\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*Postern itself/s);
  });

  it('answers a listed host before it connects anywhere, an unlisted one only after', async () => {
    const gone = await listening(net.createServer());
    await gone.close();
    const rig = await rigWith();
    (await rig.connect(`ai.test:${gone.port}`)).destroy();
    rig.governor.route = () => 'tunnel';
    const answer = await raw(rig.port, `CONNECT plain.test:${gone.port} HTTP/1.1\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 502 .*could not connect to plain\.test/s);
  });

  it('refuses instead of tunnelling if the governor fails', async () => {
    const rig = await rigWith();
    rig.governor.route = () => {
      throw new Error('broken');
    };
    const answer = await raw(rig.port, 'CONNECT ai.test:443 HTTP/1.1\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(rig.governor.incidents[0]?.code).toBe('flow-threw');
  });

  it('tunnels a listed host outside the name constraints, untouched, and says so', async () => {
    const origin = await keep(startTlsOrigin({ http1: (_request, response) => void response.end('direct') }));
    const rig = await rigWith({ covers: () => false });
    const authority = `ai.test:${origin.port}`;
    expect((await ask(await rig.tls(authority), authority)).body.toString()).toBe('direct');
    expect(rig.governor.incidents).toEqual([{ code: 'outside-name-constraints', detail: 'ai.test' }]);
    expect(rig.governor.flows).toHaveLength(0);
  });
});

describe('absolute-form requests', () => {
  async function plainOrigin(seen: http.IncomingMessage[]): Promise<Origin> {
    const server = http.createServer((request, response) => {
      seen.push(request);
      response.end('plain answer');
    });
    return keep(listening(server));
  }

  it('forwards http to an unlisted host unread, Host following the target, proxy credentials kept back', async () => {
    const seen: http.IncomingMessage[] = [];
    const origin = await plainOrigin(seen);
    const rig = await rigWith();
    rig.governor.route = () => 'tunnel';
    const answer = await ask(net.connect(rig.port, '127.0.0.1'), 'liar.test', {
      path: `http://plain.test:${origin.port}/a/../b?x=%2e#`.replace('#', ''),
      headers: ['Proxy-Authorization', 'Basic eA==', 'Proxy-Connection', 'keep-alive', 'X-Kept', 'yes'],
    });
    expect(answer.body.toString()).toBe('plain answer');
    expect(seen[0]?.url).toBe('/a/../b?x=%2e');
    expect(seen[0]?.headers).toMatchObject({ host: `plain.test:${origin.port}`, 'x-kept': 'yes' });
    expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(rig.governor.flows).toHaveLength(0);
  });

  it('governs http to a listed host', async () => {
    const origin = await plainOrigin([]);
    const rig = await rigWith();
    await ask(net.connect(rig.port, '127.0.0.1'), 'x', { path: `http://ai.test:${origin.port}/v1` });
    const [flow] = await rig.governor.finished(1);
    expect(flow?.head).toMatchObject({ scheme: 'http', path: '/v1', authority: { host: 'ai.test' } });
    expect(flow?.response).toBe('plain answer');
  });

  it('governs a plaintext https:// form (Claude Code under ALL_PROXY) and sends it on over TLS', async () => {
    const origin = await keep(
      startTlsOrigin({
        http1: (request, response) => void response.end(`key ${request.headers['x-api-key']}`),
      }),
    );
    const rig = await rigWith();
    const answer = await ask(net.connect(rig.port, '127.0.0.1'), `ai.test:${origin.port}`, {
      path: `https://ai.test:${origin.port}/api`,
      headers: ['x-api-key', 'k'],
    });
    expect(answer.body.toString()).toBe('key k');
    const [flow] = await rig.governor.finished(1);
    expect(flow?.head).toMatchObject({ scheme: 'https', path: '/api' });
  });

  it('refuses forbidden targets and forms that name nothing', async () => {
    const rig = await rigWith({ allowPrivateTargets: false });
    const to = (path: string) => ask(net.connect(rig.port, '127.0.0.1'), 'x', { path });
    expect((await to('http://169.254.169.254/latest/')).status).toBe(403);
    expect((await to(`http://127.0.0.1:${rig.port}/proxy.pac`)).status).toBe(403);
    expect((await to('ftp://host.test/')).status).toBe(400);
    expect((await to('http://user:password@host.test/')).status).toBe(400);
    expect((await to('http://:80/')).status).toBe(400);
    expect((await to('*')).status).toBe(400);
  });
});

describe('inspected connections', () => {
  it('speaks h1 and h2 by ALPN, and HTTP/1.1 to clients without ALPN', async () => {
    const origin = await keep(
      startTlsOrigin({ http1: (request, response) => void response.end(request.url) }),
    );
    const rig = await rigWith();
    const authority = `ai.test:${origin.port}`;
    const h1 = await ask(await rig.tls(authority, { ALPNProtocols: ['http/1.1'] }), authority, {
      path: '/one',
    });
    expect(h1.body.toString()).toBe('/one');
    const none = await ask(await rig.tls(authority), authority, { path: '/two' });
    expect(none.body.toString()).toBe('/two');
    const h2 = await ask2(await rig.http2(authority), { ':path': '/three' });
    expect(h2.body.toString()).toBe('/three');
    expect(rig.governor.flows.map((flow) => [flow.connection.protocol, flow.connection.serverName])).toEqual([
      ['http/1.1', 'ai.test'],
      ['http/1.1', 'ai.test'],
      ['h2', 'ai.test'],
    ]);
    expect(rig.governor.flows[0]?.connection.clientPort).toBeGreaterThan(0);
  });
});
