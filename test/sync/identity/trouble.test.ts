/** What stands between us and the provider: each has a plain sentence, and something to do. */
import { afterEach, describe, expect, it } from 'vitest';
import { parseProxyUrl } from '../../../agent/src/intercept/outgoing/proxy-url.ts';
import { createProvider } from '../../../agent/src/sync/identity/provider.ts';
import { startCorporateProxy } from '../../kit/corporate-proxy.ts';
import type { Intruder } from '../../kit/openid-provider.ts';
import { closeAll, closeLater, MemoryStore, openSession, provider, until, visit } from './setup.ts';

afterEach(closeAll);

const page: Intruder = (_request, response) => {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<h1>Welcome to Hotel WiFi</h1>');
  return true;
};
const redirect: Intruder = (_request, response) => {
  response.writeHead(302, { location: 'http://portal.test/' }).end();
  return true;
};
const answering =
  (status: number, type: string, body: string): Intruder =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
    return true;
  };

describe('a provider that can not be asked', () => {
  it.each([
    ['a page in its place (captive portal)', page, 'captive-portal', /web page in the place of/],
    ['a redirect in its place', redirect, 'captive-portal', /web page in the place of/],
    ['511 (RFC 6585)', answering(511, 'text/plain', ''), 'captive-portal', /web page/],
    [
      'an error page of a load balancer',
      answering(502, 'text/html', '<h1>Bad'),
      'provider-failed',
      /answered 502/,
    ],
    ['no discovery document', answering(404, 'text/plain', 'no'), 'discovery-failed', /OpenID provider/],
    ['JSON that is none', answering(200, 'application/json', '{"a":'), 'discovery-failed', /OpenID provider/],
    [
      'another issuer',
      answering(200, 'application/json', '{"issuer":"https://evil.test"}'),
      'discovery-failed',
      /OpenID provider/,
    ],
  ])('%s', async (_name, intruder, code, text) => {
    const op = await provider();
    op.intruder = intruder;
    const { session } = await openSession({ issuer: op.issuer });
    const failure = session.start('browser');
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringMatching(text),
      mend: expect.any(String),
    });
  });

  it('a proxy that wants credentials', async () => {
    const op = await provider({ host: 'login.acme.test' });
    const proxy = await startCorporateProxy({
      route: () => op.port,
      credentials: { user: 'u', password: 'p' },
    });
    closeLater(() => proxy.close());
    const outgoing = { proxy: parseProxyUrl(`http://127.0.0.1:${proxy.port}`) };
    const { session } = await openSession({ issuer: op.issuer, outgoing });
    await expect(session.start('browser')).rejects.toMatchObject({
      code: 'proxy-credentials',
      mend: expect.stringContaining('upstream.proxy'),
    });
  });

  it('a certificate of somebody else', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer, outgoing: { extraCertificates: [] } });
    await expect(session.start('browser')).rejects.toMatchObject({
      code: 'provider-certificate',
      mend: expect.stringContaining('extraCaFile'),
    });
  });

  it('a captive portal during renewal ends nothing, and goes away with it', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    await visit((await session.start('browser')).url);
    await until(() => session.user !== undefined);
    op.intruder = page;
    await session.renew();
    expect(session.user?.subject).toBe('ann');
    expect(session.view.problem).toMatchObject({
      code: 'captive-portal',
      mend: expect.stringContaining('browser'),
    });
    op.intruder = undefined;
    await session.renew();
    expect(session.view.problem).toBeUndefined();
  });

  it.each(['invalid_client', 'unauthorized_client', 'invalid_scope'])(
    '%s is for the administrator',
    async (error) => {
      const op = await provider();
      const { session } = await openSession({ issuer: op.issuer });
      op.intruder = (request, response) =>
        request.url === '/token' &&
        answering(400, 'application/json', JSON.stringify({ error }))(request, response);
      await visit((await session.start('browser')).url);
      await until(() => session.view.pending === undefined);
      expect(session.view.problem).toMatchObject({
        code: 'client-refused',
        mend: expect.stringContaining('administrator'),
      });
    },
  );
});

describe('clocks', () => {
  it.each([
    [-600_000, /10 minutes behind/],
    [600_000, /10 minutes ahead of/],
  ])('ours is off by %i ms: told', async (offsetMs, text) => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer, nowMs: () => Date.now() + offsetMs });
    await session.start('browser');
    expect(session.view.problem).toMatchObject({
      code: 'clock-wrong',
      text: expect.stringMatching(text),
      mend: expect.stringContaining('automatic time'),
    });
  });

  it('a few seconds are nothing', async () => {
    const op = await provider();
    const { config, send } = await openSession({ issuer: op.issuer });
    const asked = createProvider(config, send, () => Date.now() + 3_000);
    await asked.configuration();
    expect(asked.clockSkewMs).toBe(0);
    expect(asked.clockProblem).toBeUndefined();
  });

  it('an endpoint is asked again after an hour, and not before', async () => {
    const op = await provider();
    let now = Date.now();
    const { config, send } = await openSession({ issuer: op.issuer });
    const asked = createProvider(config, send, () => now);
    const discoveries = (): number =>
      op.requests.filter((each) => each.includes('openid-configuration')).length;
    await asked.configuration();
    now += 1_000;
    await asked.configuration();
    expect(discoveries()).toBe(1);
    now += 3_600_000;
    await asked.configuration();
    expect(discoveries()).toBeGreaterThan(1);
  });
});

it('what another provider left is not taken up', async () => {
  const op = await provider();
  const secrets = new MemoryStore();
  const { session } = await openSession({ issuer: op.issuer, secrets });
  await visit((await session.start('browser')).url);
  await until(() => session.user !== undefined);
  const other = await openSession({ issuer: op.issuer, secrets, config: { clientId: 'another' } });
  expect(other.session.user).toBeUndefined();
  await secrets.set('session', 'not JSON');
  const broken = await openSession({ issuer: op.issuer, secrets });
  expect(broken.session.user).toBeUndefined();
});
