import { createHash } from 'node:crypto';
/** Sign-in, renewal and sign-out against the real `oidc-provider` over TLS. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseProxyUrl } from '../../../agent/src/intercept/outgoing/proxy-url.ts';
import { startCorporateProxy } from '../../kit/corporate-proxy.ts';
import { closeAll, closeLater, MemoryStore, openSession, provider, until, visit } from './setup.ts';

afterEach(closeAll);

async function signedIn(
  options: Parameters<typeof provider>[0] = {},
  setup: Partial<Parameters<typeof openSession>[0]> = {},
) {
  const op = await provider(options);
  const opened = await openSession({ issuer: op.issuer, ...setup });
  const { url } = await opened.session.start('browser');
  const page = await visit(url);
  await until(() => opened.session.view.pending === undefined);
  return { op, page, ...opened };
}

describe('by the browser', () => {
  it('signs in with PKCE, state, nonce and a loopback redirect, and knows who it is', async () => {
    const { op, session, page, events, secrets } = await signedIn();
    expect(session.view.problem).toBeUndefined();
    expect(session.user).toEqual({ subject: 'ann', name: 'ann@acme.test', groups: ['staff', 'engineering'] });
    expect(page.text).toContain('Signed in');
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/done$/);
    expect(op.forms[0]?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    expect(events).toEqual([`signed-in: browser, ${new URL(op.issuer).host}`]);
    expect([...(secrets as MemoryStore).entries.keys()]).toEqual(['session']);
  });

  it('a refusal at the provider is told, to the person and in the browser', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const page = await visit((await session.start('browser')).url, { refuses: true });
    await until(() => session.view.pending === undefined);
    expect(session.user).toBeUndefined();
    expect(session.view.problem).toMatchObject({
      code: 'sign-in-refused',
      mend: expect.stringContaining('postern login'),
    });
    expect(page.text).toContain('Not signed in');
  });

  it('another state is not an answer, and does not end the wait', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const { url } = await session.start('browser');
    const redirect = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
    const forged = new URL(redirect);
    forged.search = 'code=stolen&state=guessed';
    expect((await visit(forged.href)).status).toBe(404);
    expect(session.view.pending).toBeDefined();
    await visit(url);
    await until(() => session.user !== undefined);
  });

  it('a name that was pointed at loopback gets nothing', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const { url } = await session.start('browser');
    const redirect = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
    redirect.hostname = 'localhost';
    expect((await visit(redirect.href)).status).toBe(400);
  });

  it.each([
    ['iss', 'https://evil.test'],
    ['iss', undefined],
  ])('%s of the answer must be the issuer (RFC 9207), not %s', async (name, value) => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    op.rewrite = (_path, location) => {
      if (!location.startsWith('http://127.0.0.1')) return location;
      const changed = new URL(location);
      if (value === undefined) changed.searchParams.delete(name);
      else changed.searchParams.set(name, value);
      return changed.href;
    };
    await visit((await session.start('browser')).url);
    await until(() => session.view.pending === undefined);
    expect(session.user).toBeUndefined();
    expect(session.view.problem?.code).toBe('sign-in-mismatch');
    expect(op.requests).not.toContain('POST /token');
  });

  it('an ID token with another nonce is refused', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const url = new URL((await session.start('browser')).url);
    url.searchParams.set('nonce', 'of-another-sign-in');
    await visit(url.href);
    await until(() => session.view.pending === undefined);
    expect(session.view.problem?.code).toBe('sign-in-mismatch');
  });

  it('a code without its verifier is refused by the provider', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const url = new URL((await session.start('browser')).url);
    url.searchParams.set('code_challenge', 'a'.repeat(43));
    await visit(url.href);
    await until(() => session.view.pending === undefined);
    expect(session.view.problem?.code).toBe('sign-in-expired');
  });

  it('a second sign-in gives up the first', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const first = await session.start('browser');
    const second = await session.start('browser');
    await expect(visit(first.url)).rejects.toThrow(/ECONNREFUSED/);
    await visit(second.url, { name: 'bob' });
    await until(() => session.user?.subject === 'bob');
  });

  it('goes through the corporate proxy', async () => {
    const op = await provider({ host: 'login.acme.test' });
    const proxy = await startCorporateProxy({ route: () => op.port });
    closeLater(() => proxy.close());
    const { session } = await openSession({
      issuer: op.issuer,
      outgoing: { proxy: parseProxyUrl(proxy.url) },
    });
    expect((await session.start('browser')).url).toContain('https://login.acme.test');
    expect(proxy.connects).toEqual([`login.acme.test:${op.port}`]);
  });
});

describe('with a code on another device (RFC 8628)', () => {
  it('signs in', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    const { url, userCode } = await session.start('device');
    expect(userCode).toMatch(/^[A-Z-]{8,}$/);
    await visit(url, { ...(userCode !== undefined && { userCode }) });
    await until(() => session.user !== undefined, 15_000);
    expect(session.user?.name).toBe('ann@acme.test');
    // Providers may demand it of every public client (Keycloak does, with "Proof Key for Code Exchange" set).
    const challenge = op.deviceForms[0];
    const verifier = op.forms[0]?.get('code_verifier') ?? '';
    expect(challenge?.get('code_challenge_method')).toBe('S256');
    expect(challenge?.get('code_challenge')).toBe(createHash('sha256').update(verifier).digest('base64url'));
  }, 30_000);

  it('a provider that does not offer it is named', async () => {
    const op = await provider({ deviceFlow: false });
    const { session } = await openSession({ issuer: op.issuer });
    await expect(session.start('device')).rejects.toMatchObject({ code: 'device-flow-unsupported' });
  });

  it('can be given up', async () => {
    const op = await provider();
    const { session } = await openSession({ issuer: op.issuer });
    await session.start('device');
    session.cancel();
    expect(session.view).toMatchObject({ pending: undefined, user: undefined });
  });
});

const refreshTokenIn = (secrets: unknown): string =>
  (JSON.parse((secrets as MemoryStore).entries.get('session') ?? '{}') as { refreshToken: string })
    .refreshToken;

describe('renewal', () => {
  it('takes the new refresh token before anything else, and the next start goes on with it', async () => {
    const { op, session, secrets } = await signedIn();
    const first = refreshTokenIn(secrets);
    await session.renew();
    const second = refreshTokenIn(secrets);
    expect(second).not.toBe(first);
    session.close();
    const next = await openSession({ issuer: op.issuer, secrets });
    expect(next.session.user?.subject).toBe('ann');
    expect(await next.session.accessToken()).toBeDefined();
    expect(refreshTokenIn(secrets)).not.toBe(second);
  });

  it('happens by itself before the access token ends', async () => {
    const { session, secrets } = await signedIn({ accessTokenSeconds: 2 });
    const first = refreshTokenIn(secrets);
    await until(() => refreshTokenIn(secrets) !== first);
    expect(session.user).toBeDefined();
  });

  it('a refresh token that somebody else has used ends the sign-in, with a message', async () => {
    const { op, session, secrets, events } = await signedIn();
    const stolen = refreshTokenIn(secrets);
    const thief = await openSession({ issuer: op.issuer, secrets: withSession(secrets) });
    await thief.session.renew();
    expect(refreshTokenIn(secrets)).toBe(stolen);
    await session.renew();
    expect(session.user).toBeUndefined();
    expect(session.view.problem).toMatchObject({
      code: 'session-ended',
      mend: 'Sign in again: postern login',
    });
    expect(events).toContain('signed-out: session-ended');
    expect((secrets as MemoryStore).entries.size).toBe(0);
  });

  it('one that was revoked while we were offline ends it at the next start', async () => {
    const { op, session, secrets } = await signedIn();
    session.close();
    await op.revoke(refreshTokenIn(secrets));
    const next = await openSession({ issuer: op.issuer, secrets });
    await until(() => next.session.view.problem !== undefined);
    expect(next.session.user).toBeUndefined();
    expect(next.session.view.problem?.code).toBe('session-ended');
  });

  it('a provider that is not there ends nothing', async () => {
    const { op, session, secrets } = await signedIn();
    session.close();
    const issuer = op.issuer;
    await op.close();
    const next = await openSession({ issuer, secrets });
    await until(() => next.session.view.problem !== undefined);
    expect(next.session.user?.subject).toBe('ann');
    expect(next.session.view.problem).toMatchObject({
      code: 'provider-unreachable',
      mend: expect.any(String),
    });
  });

  it('without a refresh token the sign-in ends with the access token, and asks nobody meanwhile', async () => {
    const { op, session } = await signedIn({ accessTokenSeconds: 3, refreshTokens: false });
    expect(session.user?.subject).toBe('ann');
    const asked = op.requests.length;
    const renewals = vi.spyOn(session, 'renew');
    await until(() => session.user === undefined);
    expect(session.view.problem).toMatchObject({
      code: 'session-ended',
      text: expect.stringContaining('run out'),
    });
    expect(op.requests.length).toBe(asked);
    expect(renewals.mock.calls.length).toBeLessThan(5);
  });

  it('many who ask at once make one call', async () => {
    const { op, session } = await signedIn();
    const before = op.forms.length;
    await Promise.all([session.renew(), session.renew(), session.renew()]);
    expect(op.forms.length).toBe(before + 1);
  });
});

const withSession = (secrets: unknown): MemoryStore => {
  const copy = new MemoryStore();
  for (const [name, value] of (secrets as MemoryStore).entries) copy.entries.set(name, value);
  return copy;
};

describe('sign-out', () => {
  it('forgets, revokes, and leads the browser to the provider by an address that says nothing', async () => {
    const { op, session, secrets } = await signedIn();
    const refreshToken = refreshTokenIn(secrets);
    const { endSessionUrl, problem } = await session.signOut();
    expect(problem).toBeUndefined();
    expect(session.user).toBeUndefined();
    expect((secrets as MemoryStore).entries.size).toBe(0);
    expect(await op.provider.RefreshToken.find(refreshToken)).toBeUndefined();
    expect(endSessionUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/);
    const page = await visit(endSessionUrl ?? '');
    expect(op.requests).toContain('GET /session/end');
    expect(page.status).toBe(200);
    const again = await visit(endSessionUrl ?? '').catch(() => undefined);
    expect(again?.url ?? '').not.toContain('/session/end');
  });

  it('works offline, and says what was not done', async () => {
    const { op, session, secrets } = await signedIn();
    await op.close();
    const { problem } = await session.signOut();
    expect(session.user).toBeUndefined();
    expect((secrets as MemoryStore).entries.size).toBe(0);
    expect(problem).toMatchObject({
      code: 'sign-out-incomplete',
      text: expect.stringContaining('signed out here'),
    });
  });
});
