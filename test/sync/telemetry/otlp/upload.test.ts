/** OTLP over real TLS to a receiver that decodes what it gets. */

import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxRecord } from '../../../../agent/src/core/outbox.ts';
import { createOutgoing, type OutgoingWithStats } from '../../../../agent/src/intercept/outgoing/outgoing.ts';
import { parseProxyUrl } from '../../../../agent/src/intercept/outgoing/proxy-url.ts';
import { sendThrough } from '../../../../agent/src/main/send-http.ts';
import { createOtlpLogs, type OtlpProtocol } from '../../../../agent/src/sync/telemetry/otlp/otlp-logs.ts';
import type { OtlpEndpoint } from '../../../../agent/src/sync/telemetry/otlp/upload.ts';
import { resourceOf } from '../../../../agent/src/sync/telemetry/telemetry.ts';
import { startCorporateProxy } from '../../../kit/corporate-proxy.ts';
import { type OtlpAnswer, type OtlpReceiver, startOtlpReceiver } from '../../../kit/otlp-receiver.ts';
import { createTestAuthority, type TestAuthority } from '../../../kit/pki.ts';

let authority: TestAuthority;
let receiver: OtlpReceiver;
const outgoings: OutgoingWithStats[] = [];
beforeAll(async () => {
  authority = await createTestAuthority();
});
beforeEach(async () => {
  receiver = await startOtlpReceiver(await authority.issue({ names: ['localhost'] }));
});
afterEach(async () => {
  for (const outgoing of outgoings.splice(0)) await outgoing.close();
  await receiver.close();
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const device = {
  id: 'device-1',
  publicKeyPem: '',
  sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
};

function destination(
  protocol: OtlpProtocol = 'http/json',
  changes: Partial<OtlpEndpoint> = {},
  trusted = true,
) {
  const outgoing = createOutgoing({
    extraCertificates: trusted ? [authority.pem] : [],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
  });
  outgoings.push(outgoing);
  const endpoint: OtlpEndpoint = {
    baseUrl: new URL(`${receiver.url}/otlp/`),
    send: sendThrough(outgoing),
    device,
    headers: () => ({ Authorization: 'Bearer t' }),
    dateMs: () => 1_795_435_200_000,
    ...changes,
  };
  return createOtlpLogs(
    endpoint,
    resourceOf({ version: '1.2.3', deviceId: 'device-1', host: undefined, platform: 'win32' }),
    protocol,
  );
}

const RECORDS: OutboxRecord[] = [1, 2, 3].map((sequence) => ({
  uid: `uid-${sequence}`,
  sequence,
  atMs: 1_795_435_200_123,
  name: 'postern.ai_call',
  severity: 'warning',
  text: 'codex to openai: block 🙂',
  attributes: {
    'log.record.uid': `uid-${sequence}`,
    'postern.rules': ['no-secrets=block', 'x=warn'],
    'postern.cost.nano_usd': 7_185_000_000_000,
    'postern.added_ms': 0.25,
    'postern.cost.estimated': true,
    'postern.cause': undefined,
  },
}));

const deliver = (to = destination()) => to.deliver(RECORDS, AbortSignal.timeout(5_000));

describe('an OTLP upload', () => {
  it.each(['http/json', 'http/protobuf'] as const)('arrives whole as %s, compressed', async (protocol) => {
    expect(await deliver(destination(protocol))).toEqual({ type: 'delivered', rejected: 0 });
    expect(receiver.requests[0]).toMatchObject({
      path: '/otlp/v1/logs',
      headers: { authorization: 'Bearer t', 'content-encoding': 'gzip' },
    });
    expect(receiver.logs).toHaveLength(3);
    expect(receiver.logs[0]).toEqual({
      name: 'postern.ai_call',
      text: 'codex to openai: block 🙂',
      atMs: 1_795_435_200_123,
      severity: 13,
      attributes: {
        'log.record.uid': 'uid-1',
        'postern.rules': ['no-secrets=block', 'x=warn'],
        'postern.cost.nano_usd': 7_185_000_000_000,
        'postern.added_ms': 0.25,
        'postern.cost.estimated': true,
      },
      resource: {
        'service.name': 'postern',
        'service.version': '1.2.3',
        'service.instance.id': 'device-1',
        'device.id': 'device-1',
        'os.type': 'windows',
      },
    });
  });

  it('is signed by the device as RFC 9421 says, so that a receiver can check it', async () => {
    await deliver();
    const [request] = receiver.requests;
    const headers = request?.headers as Record<string, string>;
    const digest = createHash('sha256')
      .update(request?.raw ?? '')
      .digest('base64');
    expect(headers['content-digest']).toBe(`sha-256=:${digest}:`);
    const parameters = headers['signature-input']?.replace(/^postern=/, '') ?? '';
    expect(parameters).toMatch(/;created=1795435200;keyid="device-1";alg="ed25519"$/);
    const base = [...parameters.matchAll(/"([^"]+)"(?=[ )])/g)].map(([, name = '']) => {
      const value = { '@method': 'POST', '@path': request?.path }[name] ?? headers[name];
      return `"${name}": ${value}`;
    });
    const text = [...base, `"@signature-params": ${parameters}`].join('\n');
    const signature = Buffer.from(/^postern=:(.+):$/.exec(headers['signature'] ?? '')?.[1] ?? '', 'base64');
    expect(base).toHaveLength(5);
    expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from(text.replace('device-1', 'device-2')), publicKey, signature)).toBe(false);
  });

  it.each<[string, OtlpAnswer, object]>([
    ['200 and nothing', { body: '' }, { type: 'delivered', rejected: 0 }],
    [
      '200 for a part',
      { body: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}' },
      { type: 'delivered', rejected: 2, problem: { code: 'rejected' } },
    ],
    [
      'a warning only',
      { body: '{"partialSuccess":{"errorMessage":"slow down"}}' },
      { type: 'delivered', rejected: 0 },
    ],
    [
      '429',
      { status: 429, headers: { 'retry-after': '33' } },
      { type: 'later', retryAfterMs: 33_000, problem: { code: 'overloaded' } },
    ],
    [
      '503 with a date',
      { status: 503, headers: { 'retry-after': new Date(1_795_435_260_000).toUTCString() } },
      { type: 'later', retryAfterMs: 60_000, problem: { code: 'overloaded' } },
    ],
    ['403', { status: 403 }, { type: 'later', problem: { code: 'not-authorised' } }],
    [
      'an error of something else, in JSON',
      { headers: { 'content-type': 'application/json' }, body: '{"error":"sign in first"}' },
      { type: 'later', problem: { code: 'not-a-collector' } },
    ],
    ['503', { status: 503 }, { type: 'later', problem: { code: 'overloaded' } }],
    [
      '401',
      { status: 401 },
      {
        type: 'later',
        problem: { code: 'not-authorised', mend: expect.stringContaining('telemetry.headers') },
      },
    ],
    ['404', { status: 404 }, { type: 'later', problem: { code: 'not-a-collector' } }],
    [
      'a redirect to a portal',
      { status: 302, headers: { location: 'http://portal/' } },
      { type: 'later', problem: { code: 'not-a-collector' } },
    ],
    [
      'a sign-in page',
      { headers: { 'content-type': 'text/html' }, body: '<html>' },
      { type: 'later', problem: { code: 'not-a-collector' } },
    ],
    ['JSON that is none', { body: '<html>' }, { type: 'later', problem: { code: 'not-a-collector' } }],
    [
      'a page without end',
      { headers: { 'content-type': 'text/html' }, body: 'x'.repeat(100_000) },
      { type: 'later', problem: { code: 'not-a-collector' } },
    ],
    ['400', { status: 400 }, { type: 'unacceptable' }],
    ['413', { status: 413 }, { type: 'unacceptable' }],
    ['a broken connection', { hangUp: true }, { type: 'later', problem: { code: 'unreachable' } }],
  ])('understands %s', async (_, answer, expected) => {
    receiver.answer = () => answer;
    expect(await deliver()).toMatchObject(expected);
  });

  it.each([301, 302, 307, 308])(
    'follows no redirect (%i): the credential stays where it was meant for',
    async (status) => {
      const elsewhere = await startOtlpReceiver(await authority.issue({ names: ['localhost'] }));
      receiver.answer = () => ({ status, headers: { location: `${elsewhere.url}/v1/logs` } });
      expect(await deliver()).toMatchObject({ type: 'later', problem: { code: 'not-a-collector' } });
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    },
  );

  it('follows none on this machine either, where plain http may be used', async () => {
    const paths: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      paths.push(request.url);
      request.resume();
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const baseUrl = new URL(`http://127.0.0.1:${port}`);
    expect(await deliver(destination('http/json', { baseUrl }))).toMatchObject({ type: 'later' });
    expect(paths).toEqual(['/v1/logs']);
    server.close();
  });

  it('reads a partial success in protobuf too', async () => {
    receiver.answer = () => ({ body: Buffer.from([0x0a, 0x02, 0x08, 0x03]) });
    expect(await deliver(destination('http/protobuf'))).toMatchObject({ type: 'delivered', rejected: 3 });
  });

  it('sends nothing to a server whose certificate is not valid', async () => {
    expect(await deliver(destination('http/json', {}, false))).toMatchObject({
      type: 'later',
      problem: { code: 'certificate-invalid', mend: expect.stringContaining('extraCaFile') },
    });
    expect(receiver.requests).toEqual([]);
  });

  it('says so when the corporate proxy asks for credentials', async () => {
    const proxy = await startCorporateProxy({
      route: () => receiver.port,
      credentials: { user: 'u', password: 'p' },
    });
    const outgoing = createOutgoing({
      proxy: parseProxyUrl(proxy.url.replace(/\/\/[^@/]*@/, '//')),
      extraCertificates: [authority.pem],
      useSystemStore: false,
      allowPrivateTargets: true,
      deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
    });
    outgoings.push(outgoing);
    expect(await deliver(destination('http/json', { send: sendThrough(outgoing) }))).toMatchObject({
      type: 'later',
      problem: { code: 'proxy-credentials', mend: expect.stringContaining('upstream.proxy') },
    });
    await proxy.close();
  });

  it('says so when a credential can not be read, and when nobody listens', async () => {
    const headers = (): never => {
      throw Object.assign(new Error('no such file'), { code: 'credentials' });
    };
    expect(await deliver(destination('http/json', { headers }))).toMatchObject({
      problem: { code: 'credential-unreadable' },
    });
    const baseUrl = new URL('https://localhost:1/');
    expect(await deliver(destination('http/json', { baseUrl }))).toMatchObject({
      problem: { code: 'unreachable' },
    });
  });
});
