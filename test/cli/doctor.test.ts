/** What `postern doctor` sees around a home without an agent, and how it says to mend it. */
import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CheckResult } from '../../agent/src/cli/doctor/check.ts';
import { CommandFailure } from '../../agent/src/cli/ports.ts';
import { runCli } from '../../agent/src/cli/run-cli.ts';
import { renewDeviceAuthority } from '../../agent/src/intercept/certificates/device-authority.ts';
import { startCorporateProxy } from '../kit/corporate-proxy.ts';
import { commands as mini } from '../kit/mini-agent.ts';

const DAY_MS = 86_400_000;
let home: string;
let closing: (() => unknown)[];
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-doctor-'));
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  fs.rmSync(home, { recursive: true, force: true });
});

interface Seen {
  readonly code: number;
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

async function doctor(config: object, commands = mini): Promise<Seen> {
  const file = path.join(home, 'config.json');
  fs.writeFileSync(file, JSON.stringify({ listen: { port: 0 }, ...config }));
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await runCli(['doctor', '--json', '--home', home, '--config', file], commands, {
    stdout,
    stderr: new PassThrough().resume(),
    stdin: Readable.from([]),
    env: { PATH: process.env['PATH'], HOME: home },
    cwd: home,
    onStopSignal: () => () => undefined,
  });
  return { code, ...(JSON.parse(Buffer.concat(chunks).toString()) as Omit<Seen, 'code'>) };
}

const about = ({ checks }: Seen, name: string): readonly CheckResult[] =>
  checks.filter((check) => check.name === name);

it('a company proxy: whether it answers, lets us through, and takes the credentials', async () => {
  const origin = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => origin.once('listening', resolve));
  const proxy = await startCorporateProxy({
    route: () => (origin.address() as AddressInfo).port,
    credentials: { user: 'laptop', password: 'p@ss word' },
  });
  closing.push(
    () => proxy.close(),
    () => origin.close(),
  );
  const { host } = new URL(proxy.url);
  const wrong = await doctor({ upstream: { proxy: `http://laptop:no@${host}` } });
  expect(wrong.code).toBe(1);
  expect(about(wrong, 'upstream proxy')).toMatchObject([
    {
      state: 'fail',
      why: expect.stringContaining('credentials'),
      mend: expect.stringContaining('user:pass'),
    },
  ]);
  expect(JSON.stringify(wrong)).not.toContain('laptop:no');
  const right = await doctor({ upstream: { proxy: `http://laptop:p%40ss%20word@${host}` } });
  expect(about(right, 'upstream proxy')).toMatchObject([{ state: 'ok' }]);
  await proxy.close();
  closing.shift();
  const gone = await doctor({ upstream: { proxy: `http://${host}` } });
  expect(about(gone, 'upstream proxy')).toMatchObject([
    { state: 'fail', why: expect.stringContaining("can't be reached") },
  ]);
});

it('a gateway: whether it can be reached the way the agent would', async () => {
  const gateway = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await new Promise((resolve) => gateway.once('listening', resolve));
  const { port } = gateway.address() as AddressInfo;
  const settings = { gateway: { kind: 'bifrost', baseUrl: `https://127.0.0.1:${port}` } };
  expect(about(await doctor(settings), 'gateway')).toMatchObject([{ state: 'ok' }]);
  await new Promise((resolve) => gateway.close(resolve));
  const gone = await doctor(settings);
  expect(about(gone, 'gateway')).toMatchObject([
    { state: 'fail', why: expect.stringContaining(`127.0.0.1:${port} can't be reached`) },
  ]);
  expect(gone.code).toBe(1);
  expect(about(await doctor({}), 'gateway')).toEqual([]);
});

it.each([
  ['new', 0, 'ok', 'valid until'],
  ['soon over', 720, 'warn', 'expires in'],
  ['over', 760, 'fail', 'expired on'],
  ['from the future', -3, 'fail', 'not valid yet'],
] as const)('a CA that is %s', async (_, ageDays, state, why) => {
  renewDeviceAuthority({
    directory: home,
    permittedDomains: ['openai.com'],
    deviceName: 'laptop',
    now: () => Date.now() - ageDays * DAY_MS,
  });
  const [validity] = about(await doctor({}), 'CA');
  expect(validity).toMatchObject({ state, why: expect.stringContaining(why) });
  if (state !== 'ok') expect(validity?.mend).toMatch(/trust renew|clock/);
});

it('keys that others can read', async () => {
  if (process.platform === 'win32') return;
  fs.writeFileSync(path.join(home, 'ca-intermediate.key'), 'x', { mode: 0o644 });
  fs.chmodSync(path.join(home, 'ca-intermediate.key'), 0o644);
  const [result] = about(await doctor({}), 'home');
  expect(result).toMatchObject({
    state: 'fail',
    mend: expect.stringMatching(/^chmod 600 .*ca-intermediate\.key$/),
  });
});

it('a database: whole, tampered with, unreadable, set aside', async () => {
  fs.writeFileSync(path.join(home, 'postern.db'), 'x', { mode: 0o600 });
  const whole = { ok: true, records: 7, heads: 1, problems: [] };
  const good = await doctor({}, { ...mini, auditVerify: async () => whole });
  expect(about(good, 'database')).toMatchObject([{ state: 'ok', why: expect.stringContaining('7 records') }]);
  const bad = await doctor({}, mini);
  expect(about(bad, 'database')).toMatchObject([
    { state: 'fail', why: expect.stringContaining('hash differs') },
  ]);
  const broken = async (): Promise<never> => {
    throw new CommandFailure('corrupt', 1, 'postern.db is damaged');
  };
  const unreadable = await doctor({}, { ...mini, auditTail: broken });
  expect(about(unreadable, 'database')).toMatchObject([
    { state: 'fail', why: 'postern.db is damaged', mend: expect.stringContaining('set aside') },
  ]);
  fs.writeFileSync(path.join(home, 'postern.db.corrupt-20261126T002359Z'), '');
  const aside = await doctor({}, { ...mini, auditVerify: async () => whole });
  expect(about(aside, 'database').map(({ state }) => state)).toEqual(['warn', 'ok']);
});
