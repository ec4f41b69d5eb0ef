/** Enrolment against a small server over TLS, by the agent's own way out. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDevice } from '../../agent/src/main/device.ts';
import { TenantKeeper } from '../../agent/src/main/tenant-keeper.ts';
import type { TenantConfig } from '../../agent/src/sync/identity/config.ts';
import { type EnrolmentServer, startEnrolmentServer } from '../kit/enrolment-server.ts';
import { closeAll, closeLater, sender, testAuthority, until } from '../sync/identity/setup.ts';

let home: string;
let events: string[];
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'postern-tenant-'));
  events = [];
});
afterEach(async () => {
  await closeAll();
  rmSync(home, { recursive: true });
});

async function server(): Promise<EnrolmentServer> {
  const started = await startEnrolmentServer(
    await (await testAuthority()).issue({ addresses: ['127.0.0.1'] }),
  );
  closeLater(() => started.close());
  return started;
}

const tenantFile = (): string => path.join(home, 'tenant.json');
const keeper = async (config?: TenantConfig, keyFile = 'device-key.pem') =>
  new TenantKeeper({
    file: tenantFile(),
    config,
    device: openDevice(path.join(home, keyFile)),
    send: await sender(),
    version: '0.1.0',
    nowMs: Date.now,
    event: (code, detail) => events.push(`${code}: ${detail}`),
    retryMs: 50,
  });

describe('enrolment', () => {
  it('shows the public key with a proof, and pins organisation and policy roots', async () => {
    const org = await server();
    const tenants = await keeper();
    expect(tenants.current()).toBeUndefined();
    await tenants.enrol(org.url, 'one-time');
    expect(org.devices).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]{32}$/), version: '0.1.0' }]);
    expect(tenants.current()).toMatchObject({ id: 'acme', name: 'Acme Ltd', policyRoots: ['ab'.repeat(32)] });
    expect(statSync(tenantFile()).mode & 0o777).toBe(0o600);
    expect(readFileSync(tenantFile(), 'utf8')).not.toContain('one-time');
    expect((await keeper()).current()?.id).toBe('acme');
    expect(events).toEqual([expect.stringMatching(/^device-enrolled: acme, device /)]);
  });

  it('a token works once, and the server says so', async () => {
    const org = await server();
    await (await keeper()).enrol(org.url, 'one-time');
    await expect((await keeper()).enrol(org.url, 'one-time')).rejects.toMatchObject({
      code: 'enrolment-refused',
      message: expect.stringContaining('used or never given out'),
    });
  });

  it('another organisation is refused, before it sees the token', async () => {
    const [org, other] = [await server(), await server()];
    other.tenant = { id: 'evil' };
    await (await keeper()).enrol(org.url, 'one-time');
    const tenants = await keeper();
    await expect(tenants.enrol(other.url, 'secret')).rejects.toMatchObject({
      message: expect.stringContaining('enrolled with Acme Ltd'),
    });
    expect(other.devices).toHaveLength(0);
    // Nor does the same server under another name.
    org.tokens.add('two');
    org.tenant = { id: 'evil' };
    await expect(tenants.enrol(org.url, 'two')).rejects.toMatchObject({ code: 'enrolment-refused' });
    expect(tenants.current()?.id).toBe('acme');
  });

  it('the roots stay those of the first time', async () => {
    const org = await server();
    const tenants = await keeper();
    await tenants.enrol(org.url, 'one-time');
    org.tokens.add('two');
    org.roots = ['cd'.repeat(32)];
    await tenants.enrol(org.url, 'two');
    expect(tenants.current()?.policyRoots).toEqual(['ab'.repeat(32)]);
  });

  it.each([
    ['a web page', { status: 200, type: 'text/html', body: '<h1>Hotel' }, 'captive-portal'],
    ['trouble', { status: 503, type: 'text/plain', body: '' }, 'provider-failed'],
    ['something else', { status: 200, type: 'application/json', body: '{"tenant":{}}' }, 'enrolment-failed'],
    ['no JSON', { status: 200, type: 'application/json', body: '{' }, 'enrolment-failed'],
    ['a no without words', { status: 404, type: 'text/plain', body: 'x' }, 'enrolment-refused'],
  ])('%s pins nothing', async (_name, answers, code) => {
    const org = await server();
    org.answers = answers;
    const tenants = await keeper();
    await expect(tenants.enrol(org.url, 'one-time')).rejects.toMatchObject({ code });
    expect(tenants.current()).toBeUndefined();
  });

  it.each(['http://postern.example.com/enrol', 'ftp://x/', 'nonsense', undefined])(
    'not at %s',
    async (url) => {
      await expect((await keeper()).enrol(url, 't')).rejects.toMatchObject({ code: 'enrolment-refused' });
    },
  );
});

describe('by the managed configuration', () => {
  it('enrols by itself, once', async () => {
    const org = await server();
    const config = { id: 'acme', enrolUrl: org.url, enrolToken: 'one-time' };
    await (await keeper(config)).enrolByConfig();
    const next = await keeper(config);
    await next.enrolByConfig();
    expect(org.devices).toHaveLength(1);
    expect(next.problem).toBeUndefined();
  });

  it('tries again after what may pass', async () => {
    const org = await server();
    org.answers = { status: 503, type: 'text/plain', body: '' };
    const tenants = await keeper({ id: 'acme', enrolUrl: org.url, enrolToken: 'one-time' });
    closeLater(() => tenants.close());
    await tenants.enrolByConfig();
    expect(tenants.problem).toMatchObject({ code: 'provider-failed' });
    org.answers = undefined;
    await until(() => tenants.current() !== undefined);
    expect(tenants.problem).toBeUndefined();
  });

  it('an organisation that is another one than configured is refused', async () => {
    const org = await server();
    const tenants = await keeper({ id: 'globex', enrolUrl: org.url, enrolToken: 'one-time' });
    await tenants.enrolByConfig();
    expect(tenants.current()).toBeUndefined();
    expect(tenants.problem).toMatchObject({
      code: 'enrolment-refused',
      text: expect.stringContaining('globex only'),
    });
  });

  it('changed to another organisation: the old one stays, and it is said', async () => {
    const org = await server();
    await (await keeper()).enrol(org.url, 'one-time');
    const tenants = await keeper({ id: 'globex' });
    expect(tenants.current()?.id).toBe('acme');
    expect(tenants.problem).toMatchObject({
      code: 'tenant-mismatch',
      mend: expect.stringContaining('--reset'),
    });
  });
});

it('a damaged file is not taken for "not enrolled"', async () => {
  const org = await server();
  writeFileSync(tenantFile(), '{', { mode: 0o600 });
  const tenants = await keeper();
  expect(tenants.problem?.code).toBe('enrolment-unreadable');
  await expect(tenants.enrol(org.url, 'one-time')).rejects.toMatchObject({ code: 'enrolment-refused' });
});

it('a device with another key is told to enrol again', async () => {
  const org = await server();
  await (await keeper()).enrol(org.url, 'one-time');
  expect((await keeper(undefined, 'other.pem')).problem?.code).toBe('enrolment-stale');
});
