/** A remote check on its real way out: TLS to loopback, verified, through a corporate proxy, and the hostile ends of it. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ReplyTooLarge } from '../../agent/src/core/http.ts';
import {
  createOutgoing,
  type OutgoingOptions,
  type OutgoingWithStats,
} from '../../agent/src/intercept/outgoing/outgoing.ts';
import { parseProxyUrl } from '../../agent/src/intercept/outgoing/proxy-url.ts';
import { atOrigins, sendThrough } from '../../agent/src/main/send-http.ts';
import { type Answer, type CheckService, startCheckService } from '../kit/check-service.ts';
import { startCorporateProxy } from '../kit/corporate-proxy.ts';
import { createTestAuthority, type IssuedCertificate, type TestAuthority } from '../kit/pki.ts';

let authority: TestAuthority;
let certificate: IssuedCertificate;
beforeAll(async () => {
  authority = await createTestAuthority();
  certificate = await authority.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
});
const open: { close(): Promise<unknown> }[] = [];
const outgoings: OutgoingWithStats[] = [];
afterEach(async () => {
  for (const one of [...outgoings.splice(0), ...open.splice(0)]) await one.close();
});

async function service(answer: Answer): Promise<CheckService> {
  const started = await startCheckService(answer, certificate);
  open.push(started);
  return started;
}

function sender(options: Partial<OutgoingOptions> = {}, sending: Parameters<typeof sendThrough>[1] = {}) {
  const outgoing = createOutgoing({
    extraCertificates: [authority.pem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
    ...options,
  });
  outgoings.push(outgoing);
  return sendThrough(outgoing, sending);
}

const requestTo = (url: string, signal = AbortSignal.timeout(5_000)) => ({
  url: new URL(`${url}/analyze?x=1`),
  method: 'POST' as const,
  headers: { 'content-type': 'application/json', 'x-api-key': 'key' },
  body: JSON.stringify({ text: 'naïve 🙂' }),
  signal,
  maxReplyBytes: 100_000,
});

describe('the way out', () => {
  it('over TLS that is verified', async () => {
    const { url, asked } = await service(() => ({ ok: true }));
    expect(await sender()(requestTo(url))).toMatchObject({ status: 200, body: Buffer.from('{"ok":true}') });
    expect(asked).toMatchObject([
      { method: 'POST', path: '/analyze?x=1', headers: { 'x-api-key': 'key' }, body: { text: 'naïve 🙂' } },
    ]);
  });

  it('a certificate of somebody else gets not a byte', async () => {
    const { url, asked } = await service(() => ({ ok: true }));
    const send = sender({ extraCertificates: [] });
    await expect(send(requestTo(url))).rejects.toMatchObject({ code: 'certificate-invalid' });
    expect(asked).toHaveLength(0);
  });

  it('through the corporate proxy', async () => {
    const { url } = await service(() => ({ ok: true }));
    const { port } = new URL(url);
    const proxy = await startCorporateProxy({
      route: () => Number(port),
      credentials: { user: 'u', password: 'p' },
    });
    open.push(proxy);
    const send = sender({ proxy: parseProxyUrl(proxy.url) });
    expect(await send(requestTo(`https://localhost:${port}`))).toMatchObject({ status: 200 });
    expect(proxy.connects).toEqual([`localhost:${port}`]);
  });

  it('to this machine only where the configuration itself names it, and then past the proxy', async () => {
    const named = await service(() => ({ ok: true }));
    const other = await service(() => ({ ok: true }));
    const proxy = await startCorporateProxy({ route: () => undefined });
    open.push(proxy);
    const options = { allowPrivateTargets: false, proxy: parseProxyUrl(proxy.url) };
    const send = sender(options, { configured: atOrigins([`${named.url}/realms/acme`, undefined]) });
    expect(await send(requestTo(named.url))).toMatchObject({ status: 200 });
    await expect(send(requestTo(other.url))).rejects.toMatchObject({ code: 'target-forbidden' });
    await expect(sender(options)(requestTo(named.url))).rejects.toMatchObject({ code: 'target-forbidden' });
    expect(await sender(options, { configured: true })(requestTo(other.url))).toMatchObject({ status: 200 });
    expect(proxy.connects).toEqual([]);
  });

  it('never plain HTTP to another machine', async () => {
    await expect(sender()(requestTo('http://192.0.2.1:9'))).rejects.toThrow(/https/);
  });

  it('an endless answer is broken off', async () => {
    const { url } = await service((_asked, response) => void response.end('x'.repeat(200_000)));
    await expect(sender()(requestTo(url))).rejects.toBeInstanceOf(ReplyTooLarge);
  });

  it('a deadline ends it, also one that has passed', async () => {
    const { url } = await service(() => undefined);
    await expect(sender()(requestTo(url, AbortSignal.timeout(100)))).rejects.toThrow();
    await expect(sender()(requestTo(url, AbortSignal.abort()))).rejects.toThrow();
  });
});
