/** The whole way: the real agent and its commands, the real oidc-provider behind the corporate proxy, a person. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Desk, openDesk } from '../kit/agent-process.ts';
import { runClient } from '../kit/clients.ts';
import { startEnrolmentServer } from '../kit/enrolment-server.ts';
import { startKeyExchange } from '../kit/key-exchange.ts';
import { type Office, type OfficeOptions, openOffice, POSTERN } from '../kit/office.ts';
import { CLIENT_ID, type OpenIdProvider, startOpenIdProvider } from '../kit/openid-provider.ts';
import { browse } from '../kit/person.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';

const CHROMIUM = '/usr/bin/chromium';
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Place = Pick<Office, 'home' | 'configFile' | 'folder'> & Pick<Desk, 'postern'>;

interface Scene {
  readonly office: Office;
  readonly op: OpenIdProvider;
  readonly authority: TestAuthority;
}

/** The provider, and the file of the authority that its certificate is of. */
async function identityProvider(options: Partial<Parameters<typeof startOpenIdProvider>[0]> = {}) {
  const authority = await createTestAuthority('Identity Root');
  const op = await startOpenIdProvider({ authority, ...options });
  closing.push(() => op.close());
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-sign-in-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = path.join(folder, 'identity-ca.pem');
  writeFileSync(caFile, authority.pem);
  return { op, authority, caFile };
}

/** An office with a sign-in. The agent goes to loopback by itself: no proxy leads there. */
async function scene(
  identity: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
  options: Partial<Parameters<typeof startOpenIdProvider>[0]> = {},
  more: Partial<OfficeOptions> = {},
): Promise<Scene> {
  const { op, authority, caFile } = await identityProvider(options);
  const office = await openOffice({
    ...more,
    config: {
      upstream: { extraCaFile: caFile, allowPrivateTargets: true },
      identity: { issuer: op.issuer, clientId: CLIENT_ID, prompt: 'consent', ...identity },
      secrets: { store: 'file' },
      ...config,
    },
  });
  closing.push(() => office.stop());
  return { office, op, authority };
}

async function status({ office }: { readonly office: Place }): Promise<AgentStatus> {
  return JSON.parse((await office.postern(['status', '--json'])).stdout) as AgentStatus;
}

/** `postern login` as somebody runs it: what it prints, and its end. */
function login({ office }: { readonly office: Place }, args: readonly string[] = []) {
  const child: ChildProcess = spawn(
    process.execPath,
    [POSTERN, 'login', '--no-browser', ...args, '--home', office.home, '--config', office.configFile],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: office.folder } },
  );
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const lines: string[] = [];
  const url = new Promise<string>((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      const found = /^\s+(https:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const ended = new Promise<{ code: number | null; said: string; lines: string[] }>((resolve) =>
    child.once('close', (code) => resolve({ code, said, lines })),
  );
  return { url, ended, lines };
}

async function signIn(here: { readonly office: Place; readonly authority: TestAuthority }): Promise<void> {
  const { url, ended } = login(here);
  await browse(await url, { ca: here.authority.pem });
  expect(await ended).toMatchObject({ code: 0, said: 'Signed in as ann@acme.test.\n' });
}

it('postern login in a real Chromium, then logout', async (context) => {
  if (!existsSync(CHROMIUM)) return context.skip('no Chromium at /usr/bin/chromium');
  const here = await scene();
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    env: { ...process.env, HOME: here.office.folder } as Record<string, string>,
  });
  closing.push(() => browser.close());
  // The provider's certificate is of a test's root; that Chromium believes certificates is another test's matter.
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const { url, ended } = login(here);
  await page.goto(await url);
  await page.fill('input[name=login]', 'ann');
  await page.fill('input[name=password]', 'correct horse');
  await page.click('button[type=submit]');
  await page.click('button[type=submit]'); // consent
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/done$/);
  expect(await page.textContent('h1')).toBe('Signed in');
  expect(await ended).toMatchObject({ code: 0, said: 'Signed in as ann@acme.test.\n' });
  expect((await status(here)).identity).toMatchObject({
    state: 'signed-in',
    user: { subject: 'ann', name: 'ann@acme.test', groups: ['staff', 'engineering'] },
    secretsIn: 'file',
  });
  const out = await here.office.postern(['logout']);
  expect(out.stdout).toBe('Signed out.\n');
  const end = /(http:\/\/127\S+)/.exec(out.stderr)?.[1] ?? '';
  await page.goto(end);
  expect(page.url()).toContain(here.op.issuer);
  expect((await status(here)).identity.state).toBe('signed-out');
}, 90_000);

it('postern login --device, with a code on another device', async () => {
  const here = await scene();
  const { url, ended, lines } = login(here, ['--device']);
  const address = await url;
  const code = /shows the code (\S+?):/.exec(lines.join('\n'))?.[1] ?? '';
  expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  await browse(address, { ca: here.authority.pem, userCode: code });
  expect(await ended).toMatchObject({ code: 0 });
}, 60_000);

describe('who is signed in', () => {
  const POLICY = 'postern: 1\nname: mine\n';

  it('is whom the records name', async () => {
    const here = await scene({}, {}, {}, { policy: POLICY });
    await signIn(here);
    const ask = ['node', path.join(import.meta.dirname, 'scripts', 'openai-sdk.mjs'), 'chat', 'hello'];
    await here.office.run(ask);
    const tail = await here.office.postern(['audit', 'tail', '--json']);
    expect(tail.stdout).toMatch(/"user":\s*"ann@acme\.test"/);
  }, 60_000);

  it('or a pseudonym of the subject', async () => {
    const here = await scene({}, {}, {}, { policy: `${POLICY}privacy: { pseudonymous: true }\n` });
    const ask = ['node', path.join(import.meta.dirname, 'scripts', 'openai-sdk.mjs'), 'chat', 'hello'];
    await here.office.run(ask);
    await signIn(here);
    await here.office.run(ask);
    const { stdout } = await here.office.postern(['audit', 'export']);
    const names = [...stdout.matchAll(/"user":"([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^person-[0-9a-f]{12}$/);
    expect(stdout).not.toContain('ann@acme.test');
  }, 60_000);
});

describe('a clock that is off', () => {
  it.each([600_000, -600_000])(
    'by %i ms: people sign in all the same, and are told',
    async (offsetMs) => {
      const clock = path.join(import.meta.dirname, '..', 'kit', 'shifted-clock.mjs');
      const here = await scene(
        {},
        {},
        {},
        {
          prepare: (folder) => {
            const file = path.join(folder, 'clock');
            writeFileSync(file, String(offsetMs));
            return { env: { POSTERN_TEST_CLOCK: file }, nodeFlags: ['--import', clock] };
          },
        },
      );
      await signIn(here);
      const { degraded } = await status(here);
      expect(degraded.find(({ code }) => code === 'clock-wrong')?.text).toContain('10 minutes');
    },
    60_000,
  );
});

describe('what stands in the way, in status and at the command', () => {
  it('a captive portal', async () => {
    const here = await scene();
    here.op.intruder = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hotel');
      return true;
    };
    const answer = await here.office.postern(['login', '--no-browser']);
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('answered with a web page') });
    expect(answer.stderr).toContain('sign in to it first');
  }, 60_000);

  it('a provider that went away ends nothing', async () => {
    const here = await scene({}, {}, { accessTokenSeconds: 2 });
    await signIn(here);
    here.op.intruder = (request, response) => request.url === '/token' && response.destroy().destroyed;
    await until(async () => (await status(here)).identity.problem?.code === 'provider-unreachable');
    expect((await status(here)).identity.state).toBe('signed-in');
  }, 60_000);

  it('a sign-in outlives a restart; one that was revoked meanwhile is told, with what to do', async () => {
    const { op, authority, caFile } = await identityProvider();
    const desk = openDesk();
    closing.push(() => desk.clear());
    desk.configure({
      upstream: { extraCaFile: caFile, allowPrivateTargets: true },
      identity: { issuer: op.issuer, clientId: CLIENT_ID, prompt: 'consent' },
      secrets: { store: 'file' },
    });
    await desk.start();
    const here = { office: desk, op, authority };
    await signIn(here);
    await desk.postern(['stop']);

    await desk.start();
    await until(async () => (await status(here)).identity.state === 'signed-in');
    await until(async () => op.issued.filter((token) => token.length === 43).length >= 4);
    await desk.postern(['stop']);

    await op.revokeAll();
    await desk.start();
    await until(async () => (await status(here)).identity.problem?.code === 'session-ended');
    const { identity, degraded } = await status(here);
    expect(identity.state).toBe('signed-out');
    expect(degraded).toContainEqual({
      code: 'session-ended',
      text: expect.stringContaining('has ended your sign-in'),
      mend: 'Sign in again: postern login',
    });
    expect((await desk.postern(['status'])).stdout).toContain('Sign in again: postern login');
  }, 90_000);

  it('a keychain that never answers: told, in the way of nothing', async () => {
    const desk = openDesk();
    closing.push(() => desk.clear());
    const socket = path.join(desk.folder, 'bus');
    const held: net.Socket[] = [];
    const server = net.createServer((one) => held.push(one)).listen(socket);
    closing.push(() => server.close());
    desk.configure({
      gateway: { kind: 'bifrost', baseUrl: 'https://ai.acme.test', virtualKey: { keychain: 'team-a' } },
      secrets: { store: 'keychain' },
      tray: { allowVirtualKeyEntry: true },
    });
    const agent = await desk.start({ env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` } });
    await until(async () =>
      (await status({ office: desk })).degraded.some(({ code }) => code === 'virtual-key-missing'),
    );
    const { degraded, identity } = await status({ office: desk });
    expect(degraded.find(({ code }) => code === 'virtual-key-missing')).toMatchObject({
      text: expect.stringContaining('"team-a"'),
      mend: expect.stringContaining('Unlock the keychain'),
    });
    expect(identity.keys).toEqual([]);
    const added = await run(
      ['key', 'add', 'red', '--home', desk.home, '--config', desk.configFile],
      'sk-red',
    );
    expect(added.code).toBe(0);
    const after = await status({ office: desk });
    expect(after.identity).toMatchObject({ secretsIn: 'memory', keys: [{ name: 'red', active: true }] });
    expect(after.degraded.find(({ code }) => code === 'keychain-locked')?.mend).toContain('Unlock it');
    expect(await desk.postern(['stop'])).toMatchObject({ code: 0 });
    expect(await agent.ended).toBe(0);
    for (const one of held) one.destroy();
  }, 60_000);

  it('nothing configured', async () => {
    const office = await openOffice();
    closing.push(() => office.stop());
    const answer = await office.postern(['login']);
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('No sign-in is configured') });
    const said = JSON.parse((await office.postern(['status', '--json'])).stdout) as AgentStatus;
    expect(said.device.id).toMatch(/^[0-9a-f]{32}$/);
    expect(said.degraded).toEqual([]);
  }, 60_000);
});

async function until(what: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const run = (args: readonly string[], stdin: string) =>
  runClient(process.execPath, [POSTERN, ...args], {
    env: { PATH: process.env['PATH'] },
    stdin,
    timeoutMs: 20_000,
  });

describe('keys', () => {
  it('come with the sign-in by token exchange, and go with it', async () => {
    const { op, authority, caFile } = await identityProvider();
    const exchange = await startKeyExchange(authority, op);
    closing.push(() => exchange.close());
    const desk = openDesk();
    closing.push(() => desk.clear());
    desk.configure({
      upstream: { extraCaFile: caFile, allowPrivateTargets: true },
      identity: {
        issuer: op.issuer,
        clientId: CLIENT_ID,
        prompt: 'consent',
        tokenExchange: { endpoint: exchange.url, audience: 'ai-gateway', keyName: 'ann-at-the-gateway' },
      },
      secrets: { store: 'file' },
    });
    await desk.start();
    const here = { office: desk, authority };
    await signIn(here);
    await until(async () => (await status(here)).identity.keys.length === 1);
    expect((await status(here)).identity.keys).toEqual([
      { name: 'ann-at-the-gateway', source: 'exchange', active: true },
    ]);
    expect(exchange.given).toEqual(['vk-ann-1']);
    await desk.postern(['logout', '--no-browser']);
    expect((await status(here)).identity.keys).toEqual([]);
  }, 60_000);

  it('are typed in, switched, removed', async () => {
    const here = await scene({}, { tray: { allowVirtualKeyEntry: true } });
    expect((await here.office.postern(['key', 'list'])).stdout).toContain('There are no keys.');
    expect(await here.office.postern(['key', 'add', 'red'], { stdin: 'sk-red\n' })).toMatchObject({
      code: 0,
    });
    await here.office.postern(['key', 'add', 'blue'], { stdin: 'sk-blue' });
    await here.office.postern(['key', 'use', 'blue']);
    const { stdout } = await here.office.postern(['key', 'list', '--json']);
    expect((JSON.parse(stdout) as { keys: unknown }).keys).toEqual([
      { name: 'red', source: 'typed', active: false },
      { name: 'blue', source: 'typed', active: true },
    ]);
    expect((await here.office.postern(['status'])).stdout).toMatch(/virtual key\s+blue, and 1 more/);
    expect(await here.office.postern(['key', 'remove', 'blue'])).toMatchObject({ code: 0 });
    expect(await here.office.postern(['key', 'use', 'blue'])).toMatchObject({ code: 1 });
    expect(await here.office.postern(['key', 'add', 'x'], { stdin: '' })).toMatchObject({ code: 2 });
  }, 60_000);

  it('may not be typed in unless that is allowed', async () => {
    const here = await scene();
    const answer = await here.office.postern(['key', 'add', 'red'], { stdin: 'sk-red\n' });
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('does not allow') });
    expect(answer.stderr).not.toContain('sk-red');
  }, 60_000);
});

it('no token and no key is to be seen anywhere: files, log, status, export, arguments, variables', async () => {
  const here = await scene(
    { claims: { virtualKey: 'gateway_key' } },
    { tray: { allowVirtualKeyEntry: true } },
    { claims: { gateway_key: 'vk-canary-claimed-7731' } },
  );
  await signIn(here);
  await here.office.postern(['key', 'add', 'typed'], { stdin: 'sk-canary-typed-9142\n' });
  await until(async () => (await status(here)).identity.keys.length === 2);
  const granted = here.op.issued;
  expect(granted.length).toBeGreaterThanOrEqual(3);
  const canaries = [...granted, 'vk-canary-claimed-7731', 'sk-canary-typed-9142'];
  const pid = here.office.agent.pid ?? 0;
  const texts = [
    here.office.log(),
    (await here.office.postern(['status', '--json'])).stdout,
    (await here.office.postern(['status'])).stdout,
    (await here.office.postern(['key', 'list', '--json'])).stdout,
    (await here.office.postern(['audit', 'export'])).stdout,
    (await here.office.postern(['doctor', '--json'])).stdout,
    existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'latin1') : '',
    existsSync(`/proc/${pid}/environ`) ? readFileSync(`/proc/${pid}/environ`, 'latin1') : '',
    ...filesIn(here.office.home).map((file) => readFileSync(file, 'latin1')),
  ];
  for (const canary of canaries) {
    for (const form of [
      canary,
      Buffer.from(canary).toString('base64'),
      Buffer.from(canary).toString('hex'),
    ]) {
      for (const text of texts) expect(text.includes(form)).toBe(false);
    }
  }
}, 60_000);

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(directory, name))
    .filter((file) => statSync(file).isFile());

it('postern enroll binds the device, and another organisation is refused', async () => {
  const here = await scene();
  const org = await startEnrolmentServer(await here.authority.issue({ addresses: ['127.0.0.1'] }));
  closing.push(() => org.close());
  const answer = await here.office.postern(['enroll', org.url], { stdin: 'one-time\n' });
  expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('belongs to Acme Ltd now') });
  const { device } = await status(here);
  expect(device.tenant).toMatchObject({ id: 'acme' });
  expect(org.devices[0]?.id).toBe(device.id);
  const log = (await here.office.postern(['audit', 'export'])).stdout;
  for (const code of ['device-key-made', 'device-enrolled']) expect(log).toContain(code);
  const other = await here.office.postern(['enroll', 'https://127.0.0.1:1/enrol', '--token', 'x']);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('enrolled with Acme Ltd') });
  const reset = await here.office.postern(['enroll', '--reset']);
  expect(reset).toMatchObject({ code: 0, stdout: expect.stringContaining('left acme') });
}, 60_000);
