/** How a device gets its policy on good days, and what it says on bad ones. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OwnReply } from '../../../agent/src/core/http.ts';
import { bundleTools } from '../../../agent/src/main/policy-tools/bundle.ts';
import type { Activation } from '../../../agent/src/sync/policy-source/policy-source.ts';
import { openPolicyDevice, type PolicyDevice } from '../../kit/policy-device.ts';
import { openPolicyServer, type PolicyServer } from '../../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../../kit/publisher.ts';

let folder: string;
let publisher: Publisher;
let server: PolicyServer;
let device: PolicyDevice;
const home = (): string => path.join(folder, 'home');
const policy = (name: string): string => `postern: 1\nname: ${name}\n`;
const trust = () => ({ url: server.url, rootFingerprint: publisher.fingerprint });

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-source-'));
  publisher = await openPublisher(path.join(folder, 'org'), { rootKeys: 1, rootThreshold: 1 });
  await publisher.push(policy('one'));
  server = await openPolicyServer(publisher.directory);
  device = openPolicyDevice(home(), trust());
});
afterEach(async () => {
  device.source.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a poll without news costs one answer without a body', async () => {
  await device.check();
  const { bytes } = device.source.status();
  server.log.splice(0);
  await device.check();
  expect(server.log).toEqual([{ path: '/timestamp.json', status: 304 }]);
  expect(device.source.status().bytes).toBe(bytes);
});

test('polls by itself, with jitter, and at once on a hint', async () => {
  device.source.close();
  device = openPolicyDevice(home(), { ...trust(), pollSeconds: 3600, hintUrl: server.hintUrl });
  device.source.start();
  await vi.waitFor(() => expect(device.text()).toBe(policy('one')), 3000);
  await vi.waitFor(() => expect(device.source.status().hint).toBe('connected'), 3000);
  const { nextCheckMs = 0 } = device.source.status();
  expect(nextCheckMs - Date.now()).toBeGreaterThan(3_200_000);
  expect(nextCheckMs - Date.now()).toBeLessThan(4_000_000);
  await publisher.push(policy('two'));
  server.hint();
  await vi.waitFor(() => expect(device.text()).toBe(policy('two')), 2000);
});

test('what is on disk is there before the network is, and only what changed is fetched', async () => {
  await publisher.push(
    'postern: 1\nname: words\nguardrails: [{ id: a, detect: keyword, dictionary: [w.txt], action: warn }]\n',
    {
      files: { 'w.txt': 'falcon\n' },
    },
  );
  await device.check();
  server.say('*', (_request, response) => response.destroy());
  device = device.restart();
  expect(device.text('w.txt')).toBe('falcon\n');
  expect(await device.check()).toBe('unreachable');
  server.say('*', undefined);
  await publisher.push(
    'postern: 1\nname: words-2\nguardrails: [{ id: a, detect: keyword, dictionary: [w.txt], action: warn }]\n',
  );
  server.log.splice(0);
  expect(await device.check()).toBeUndefined();
  expect(server.log.filter(({ path: name }) => name.endsWith('w.txt'))).toEqual([]);
  expect(device.text('w.txt')).toBe('falcon\n');
});

test('the last three releases are kept, and trouble leads back to the one before', async () => {
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    await publisher.push(policy(name));
    await device.check();
  }
  const releases = device.source.status().release?.directory ?? '';
  expect(readdirSync(path.dirname(releases))).toHaveLength(3);
  expect(await device.source.fallBack('errors')).toBe(true);
  expect(device.text()).toBe(policy('four'));
  await bundleTools.refresh(publisher.place);
  await publisher.publish();
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('four'));
  device = device.restart();
  expect(device.text()).toBe(policy('four'));
  await publisher.push(policy('six'));
  await device.check();
  expect(device.text()).toBe(policy('six'));
});

test('a roll-back is the old release under the new version', async () => {
  for (const name of ['one', 'two', 'one']) {
    await publisher.push(policy(name));
    await device.check();
  }
  const { release, versions } = device.source.status();
  expect(release).toMatchObject({ number: 1, version: versions?.targets });
  device = device.restart();
  expect(device.source.status().release).toMatchObject({ number: 1, version: versions?.targets });
  await publisher.push(policy('one'));
  await device.check();
  expect(device.source.status().release?.version).toBe((versions?.targets ?? 0) + 1);
});

test('what main refuses is not asked for again, and the next push is', async () => {
  await device.check();
  device.source.close();
  const activate = vi.fn(() => Promise.resolve<Activation>({ type: 'refused', why: 'it does not compile' }));
  const picky = openPolicyDevice(home(), trust(), { activate });
  await publisher.push(policy('two'));
  await picky.check();
  await picky.check();
  expect(activate).toHaveBeenCalledTimes(1);
  expect(picky.events.at(-1)).toMatch(/policy-push-refused.*it does not compile/);
  await publisher.push(policy('three'));
  await picky.check();
  expect(activate).toHaveBeenCalledTimes(2);
  picky.source.close();
});

test('keys change under way: a device that was off for several rotations follows the chain', async () => {
  await device.check();
  for (const role of ['timestamp', 'snapshot', 'targets', 'root'])
    await bundleTools.rotate(publisher.place, role, undefined);
  await publisher.push(policy('two'));
  expect(await device.check()).toBeUndefined();
  expect(device.source.status().versions?.root).toBe(5);
  device = device.restart();
  expect(device.text()).toBe(policy('two'));
});

test('a device is given the root itself, or a later one', async () => {
  await bundleTools.rotate(publisher.place, 'timestamp', undefined);
  await publisher.publish();
  const other = openPolicyDevice(path.join(folder, 'other'), {
    url: server.url,
    rootFile: path.join(publisher.directory, '2.root.json'),
  });
  expect(await other.check()).toBeUndefined();
  expect(other.text()).toBe(policy('one'));
  other.source.close();
  const none = openPolicyDevice(path.join(folder, 'none'), { url: server.url });
  none.source.start();
  expect(none.source.status().trouble).toMatchObject({
    code: 'no-root',
    mend: expect.stringContaining('keygen'),
  });
  none.source.close();
});

describe('trouble on the way has a name and a mend, and changes nothing', () => {
  const html = '<!doctype html><title>Sign in</title>';
  test.each<[string, string, number, Record<string, string>, string]>([
    ['a sign-in page instead', 'captive-portal', 200, { 'content-type': 'text/html; charset=utf-8' }, html],
    ['a redirect to one', 'captive-portal', 302, { location: 'https://login.hotel.example/' }, ''],
    ['a network that wants a sign-in (RFC 6585)', 'captive-portal', 511, {}, ''],
    ['a proxy that wants credentials', 'proxy-auth', 407, { 'proxy-authenticate': 'Basic' }, ''],
    ['no such file', 'not-found', 404, {}, ''],
    ['a bucket that is not public', 'forbidden', 403, {}, '<Error/>'],
    ['a server that is down', 'server-error', 503, {}, ''],
    ['HTML that says it is JSON', 'truncated', 200, { 'content-type': 'application/json' }, html],
    ['a file that is cut short', 'truncated', 200, {}, '{"signatures":[{"keyid":"ab","si'],
    ['an empty file', 'truncated', 200, {}, ''],
    [
      'a format of the future',
      'unknown-version',
      200,
      {},
      '{"signatures":[],"signed":{"_type":"timestamp","spec_version":"2.0.0","version":9,"expires":"2030-01-01T00:00:00Z","meta":{}}}',
    ],
  ])('%s', async (_what, code, status, headers, body) => {
    await device.check();
    await publisher.push(policy('two'));
    const where = code === 'unknown-version' ? '/timestamp.json' : '*';
    server.say(where, (_request, response) => void response.writeHead(status, headers).end(body));
    expect(await device.check()).toBe(code);
    const { trouble } = device.source.status();
    expect(trouble?.text).toMatch(/^[A-Z].*\.$|\)\.?$/s);
    expect(trouble?.mend.length).toBeGreaterThan(10);
    expect(device.text()).toBe(policy('one'));
    server.say(where, undefined);
    expect(await device.check()).toBeUndefined();
    expect(device.text()).toBe(policy('two'));
  });

  test('nobody listens, and what the way out says of a proxy', async () => {
    const refused = Object.assign(new Error('The proxy wants other credentials (407).'), {
      code: 'proxy-auth',
    });
    const send = (): Promise<OwnReply> => Promise.reject(refused);
    const behind = openPolicyDevice(path.join(folder, 'behind'), trust(), { send });
    expect(await behind.check()).toBe('proxy-auth');
    behind.source.close();
    const nobody = openPolicyDevice(path.join(folder, 'nobody'), { ...trust(), url: 'http://127.0.0.1:9/' });
    expect(await nobody.check()).toBe('unreachable');
    nobody.source.close();
  });

  test('a disk that is full', async () => {
    await device.check();
    device.source.close();
    const full = openPolicyDevice(home(), trust(), {
      writePrivateFile: () => {
        throw Object.assign(new Error('the disk is full'), { code: 'home-not-writable' });
      },
    });
    await publisher.push(policy('two'));
    expect(await full.check()).toBe('disk');
    expect(await full.source.fallBack('errors')).toBe(false);
    expect(full.text()).toBe(policy('one'));
    full.source.close();
  });

  test('a repository without a policy', async () => {
    const empty = await openPublisher(path.join(folder, 'empty'), { rootKeys: 1, rootThreshold: 1 });
    await empty.publish();
    server.serve(empty.directory);
    const first = openPolicyDevice(path.join(folder, 'first'), {
      url: server.url,
      rootFingerprint: empty.fingerprint,
    });
    expect(await first.check()).toBe('no-policy');
    first.source.close();
  });
});

test('other groups are looked at at once, though nothing changed on the server', async () => {
  await publisher.push(policy('of-dev'), { group: 'dev' });
  await device.check();
  expect(device.text()).toBe(policy('one'));
  const looking = device.source.checkNow();
  await device.source.changeGroups(['dev']);
  await looking;
  expect(device.text()).toBe(policy('of-dev'));
  server.log.splice(0);
  await device.source.changeGroups([]);
  expect(device.text()).toBe(policy('one'));
  // What was here before isn't fetched again.
  expect(server.log.filter(({ path: file }) => file.startsWith('/targets/'))).toEqual([]);
  await device.check();
  expect(server.log.at(-1)).toEqual({ path: '/timestamp.json', status: 304 });
});

test("where the server can't be asked, other groups get what it said last of them", async () => {
  await publisher.push(policy('of-dev'), { group: 'dev' });
  await device.check();
  await device.source.changeGroups(['dev']);
  await device.source.changeGroups([]);
  expect(device.text()).toBe(policy('one'));
  server.say('*', (_request, response) => response.destroy());
  await device.source.changeGroups(['dev']);
  expect(device.text()).toBe(policy('of-dev'));
  expect(device.source.status()).toMatchObject({
    release: { group: 'dev' },
    trouble: { code: 'unreachable' },
  });
  await device.source.changeGroups(['sales']);
  expect(device.text()).toBe(policy('one'));
  expect(device.events.filter((event) => event.startsWith('policy-from-disk'))).toHaveLength(2);
});

test('a group that nobody was in for a while is still on the disk', async () => {
  await publisher.push(policy('of-dev'), { group: 'dev' });
  await device.source.changeGroups(['dev']);
  await device.source.changeGroups([]);
  for (const name of ['two', 'three', 'four', 'five']) {
    await publisher.push(policy(name));
    await device.check();
  }
  server.say('*', (_request, response) => response.destroy());
  await device.source.changeGroups(['dev']);
  expect(device.text()).toBe(policy('of-dev'));
});

describe('a release that is for other devices first', () => {
  const canary = { name: 'two', revision: 'abc', canaryPercent: 10 };
  let isLeftOut: (number: number) => boolean;
  const waitingDevice = () =>
    openPolicyDevice(home(), trust(), {
      activate: ({ number }) =>
        Promise.resolve(isLeftOut(number) ? { type: 'waiting', about: canary } : { type: 'active' }),
    });
  const releasesOnDisk = () => readdirSync(path.dirname(device.source.status().release?.directory ?? ''));
  beforeEach(() => {
    isLeftOut = (number) => number > 1;
    device.source.close();
    device = waitingDevice();
  });

  test('waits: what is in force stays, also over a restart, and it is told once', async () => {
    await device.check();
    await publisher.push(policy('two'));
    await device.check();
    await device.check();
    const expected = { release: { number: 1 }, waiting: { ...canary, number: 2, release: { number: 2 } } };
    expect(device.source.status()).toMatchObject(expected);
    expect(device.events.filter((event) => event.startsWith('policy-waiting'))).toHaveLength(1);
    server.say('*', (_request, response) => response.destroy());
    device = device.restart();
    expect(device.source.status()).toMatchObject(expected);
    server.say('*', undefined);
    await device.check();
    expect(device.events.filter((event) => event.startsWith('policy-waiting'))).toHaveLength(0);
  });

  test('the newest waits, and nothing of those before it is kept', async () => {
    await device.check();
    for (const name of ['two', 'three', 'four', 'five', 'six']) {
      await publisher.push(policy(name));
      await device.check();
    }
    expect(device.source.status()).toMatchObject({ release: { number: 1 }, waiting: { number: 6 } });
    expect(releasesOnDisk()).toEqual(['1', '6']);
  });

  test('is withdrawn by publishing what is in force again', async () => {
    await device.check();
    await publisher.push(policy('two'));
    await device.check();
    await publisher.push(policy('one'));
    await device.check();
    expect(device.source.status()).toMatchObject({ release: { number: 1 }, waiting: undefined });
    expect(releasesOnDisk()).toEqual(['1']);
  });

  test('is nothing to fall back to', async () => {
    isLeftOut = (number) => number > 2;
    await device.check();
    await publisher.push(policy('two'));
    await device.check();
    await publisher.push(policy('three'));
    await device.check();
    expect(device.source.status()).toMatchObject({ release: { number: 2 }, waiting: { number: 3 } });
    expect(await device.source.fallBack('errors')).toBe(true);
    expect(device.source.status().release?.number).toBe(1);
  });
});
