/** The keychain's helper against buses that are there, absent, mute. A real Secret Service isn't on every machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { kindOf, osKeychain } from '../../../agent/src/platform/secrets/keychain.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'postern-keychain-'));
  closing.push(() => rmSync(made, { recursive: true }));
  return made;
}

const EMPTY_BUS = `<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>`;

const linuxOnly = process.platform === 'linux' ? it : it.skip;

describe('on Linux', () => {
  linuxOnly('no bus: absent, at once', async () => {
    const answer = await osKeychain({ env: {} }).read('x');
    expect(answer).toMatchObject({ kind: 'absent', why: expect.stringContaining('DBus') });
  });

  linuxOnly('a bus that never answers: silent at the deadline, and its process is gone', async () => {
    const socket = path.join(folder(), 'bus');
    const held: net.Socket[] = [];
    const server = net.createServer((one) => held.push(one)).listen(socket);
    closing.push(() => server.close());
    await once(server, 'listening');
    const keychain = osKeychain({
      deadlineMs: 1_500,
      env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` },
    });
    const startedAtMs = performance.now();
    expect(await keychain.read('x')).toMatchObject({ kind: 'silent' });
    expect(performance.now() - startedAtMs).toBeLessThan(4_000);
    expect(held).toHaveLength(1);
    if (held[0]?.closed === false) await once(held[0].resume(), 'close');
  });

  linuxOnly('a bus without a Secret Service: absent', async (context) => {
    if (!existsSync('/usr/bin/dbus-daemon')) return context.skip('no dbus-daemon');
    // A session's own configuration would start whatever Secret Service this machine has.
    const config = path.join(folder(), 'bus.conf');
    writeFileSync(config, EMPTY_BUS);
    const words = [`--config-file=${config}`, '--nofork', '--print-address=1'];
    const daemon = spawn('/usr/bin/dbus-daemon', words, { stdio: ['ignore', 'pipe', 'ignore'] });
    closing.push(() => daemon.kill());
    const [address] = (await once(createInterface({ input: daemon.stdout }), 'line')) as [string];
    const answer = await osKeychain({ env: { DBUS_SESSION_BUS_ADDRESS: address } }).read('x');
    expect(answer).toMatchObject({ kind: 'absent' });
  });
});

/** GNOME Keyring on a bus of its own, in a home of its own. */
async function gnomeKeyring(home: string, password: string | undefined) {
  const env = { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: home };
  const bus = spawn('/usr/bin/dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  });
  const [address] = (await once(createInterface({ input: bus.stdout }), 'line')) as [string];
  const daemon = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--components=secrets', ...(password === undefined ? [] : ['--unlock'])],
    { stdio: ['pipe', 'ignore', 'ignore'], env: { ...env, DBUS_SESSION_BUS_ADDRESS: address } },
  );
  daemon.stdin.end(password ?? '');
  const keychain = osKeychain({ env: { DBUS_SESSION_BUS_ADDRESS: address, HOME: home } });
  for (let tries = 0; tries < 20; tries += 1) {
    if ((await keychain.read('x')).kind !== 'absent') break;
  }
  return {
    keychain,
    async stop() {
      for (const child of [daemon, bus]) {
        child.kill();
        await once(child, 'exit');
      }
    },
  };
}

const hasGnomeKeyring = (): boolean =>
  existsSync('/usr/bin/dbus-daemon') &&
  (process.env['PATH'] ?? '').split(':').some((each) => existsSync(path.join(each, 'gnome-keyring-daemon')));

it('GNOME Keyring keeps, gives back, forgets; and locked is told apart', async (context) => {
  if (!hasGnomeKeyring()) return context.skip('no gnome-keyring-daemon (Debian gnome-keyring)');
  const home = folder();
  const open = await gnomeKeyring(home, 'a password');
  expect(await open.keychain.write('a', 'value')).toEqual({ kind: 'found', value: 'value' });
  expect(await open.keychain.read('b')).toEqual({ kind: 'none' });
  expect(await open.keychain.write('c', 'gone')).toEqual({ kind: 'found', value: 'gone' });
  expect(await open.keychain.remove('c')).toEqual({ kind: 'none' });
  expect(await open.keychain.read('c')).toEqual({ kind: 'none' });
  await open.stop();
  const locked = await gnomeKeyring(home, undefined);
  expect(await locked.keychain.read('a')).toMatchObject({ kind: 'locked' });
  await locked.stop();
}, 40_000);

describe('the helper', () => {
  const helper = (script: string): string => {
    const file = path.join(folder(), 'helper.mjs');
    writeFileSync(file, script);
    return file;
  };

  it('that dies is a failure, not a hang', async () => {
    expect(await osKeychain({ helper: helper('process.exit(7)') }).read('x')).toEqual({
      kind: 'failed',
      why: 'its helper ended with code 7',
    });
  });

  it('that breaks off in the middle is one too, and what it said goes nowhere', async () => {
    const answer = await osKeychain({ helper: helper(`process.stdout.write('{"value":"half a sec')`) }).read(
      'x',
    );
    expect(answer).toEqual({ kind: 'failed', why: 'its helper broke off' });
  });

  it('gets the secret on stdin, in no argument and no variable', async () => {
    const script = `
      import { text } from 'node:stream/consumers';
      import { readFileSync } from 'node:fs';
      const { value } = JSON.parse(await text(process.stdin));
      const seen = readFileSync('/proc/self/cmdline', 'utf8') + readFileSync('/proc/self/environ', 'utf8');
      process.stdout.write(JSON.stringify({ value: seen.includes(value) ? 'seen' : value }));`;
    if (process.platform !== 'linux') return;
    const answer = await osKeychain({ helper: helper(script) }).write('x', 'canary-5c1e');
    expect(answer).toEqual({ kind: 'found', value: 'canary-5c1e' });
  });

  it('starts without variables that steer Node', async () => {
    const script = `process.stdout.write(JSON.stringify({ value: process.env.NODE_OPTIONS ?? 'none' }))`;
    const keychain = osKeychain({ helper: helper(script), env: { NODE_OPTIONS: '--inspect', HOME: '/' } });
    expect(await keychain.read('x')).toEqual({ kind: 'found', value: 'none' });
  });
});

it.each([
  [
    'Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files',
    'absent',
  ],
  ["Couldn't access platform secure storage: Secret Service: locked collection", 'locked'],
  ['Secret Service: prompt dismissed', 'locked'],
  ['No storage access: User interaction is not allowed.', 'locked'],
  ['Attribute is longer than platform limit', 'failed'],
])('%s is %s', (message, kind) => {
  expect(kindOf(message)).toBe(kind);
});
