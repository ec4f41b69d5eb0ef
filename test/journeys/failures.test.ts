/** What can go wrong around the real agent, and the answer each has: a clear word, an exit code, and work that goes on. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Desk, openDesk } from '../kit/agent-process.ts';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment, type Office, openOffice } from '../kit/office.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** File systems to be unmounted once nothing uses them any more. */
const mounted: string[] = [];
let desk: Desk;
let office: Office | undefined;
beforeEach(() => {
  desk = openDesk();
});
afterEach(async () => {
  await office?.stop();
  office = undefined;
  await desk.clear();
  for (const folder of mounted.splice(0)) {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

const statusOf = async (where: Pick<Desk, 'postern'> | Office): Promise<AgentStatus> =>
  JSON.parse((await where.postern(['status', '--json'])).stdout) as AgentStatus;

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly mend?: string };
}

describe('a port that is taken', () => {
  it('ends start with 1 and names the port and the setting; doctor finds it too', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    desk.configure({ listen: { port } });
    const refused = await desk.postern(['start', '--json']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(String(port));
    expect(JSON.parse(refused.stdout) as Failure).toMatchObject({
      error: { code: 'port-in-use', mend: expect.stringContaining('listen.port') },
    });
    const doctor = await desk.postern(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(new RegExp(`✗ +port +another program listens on 127\\.0\\.0\\.1:${port}`));
    await new Promise((resolve) => other.close(resolve));
    expect((await desk.postern(['doctor'])).stdout).toMatch(/✓ +port +\S+ is free/);
  });
});

describe('a home that can not be written', () => {
  const mayRead = (): boolean => {
    try {
      execFileSync(process.execPath, ['-e', '0'], { uid: NOBODY, gid: NOBODY, env: {} });
      return true;
    } catch {
      return false; // nobody can't even start Node from here (a private checkout)
    }
  };

  it('ends start with 2 and says why and what to do', async (context) => {
    if (process.platform === 'win32') return context.skip('rights work otherwise on Windows');
    if (isRoot && !mayRead()) return context.skip('user nobody may not read this checkout');
    const uid = isRoot ? NOBODY : undefined;
    const parent = path.join(desk.folder, 'locked');
    mkdirSync(parent, { mode: 0o555 });
    const home = path.join(parent, 'home');
    const refused = await desk.postern(['start', '--json'], { home, ...(uid !== undefined && { uid }) });
    expect(refused.code, refused.stderr).toBe(2);
    expect(JSON.parse(refused.stdout) as Failure).toMatchObject({
      error: {
        code: 'home-not-writable',
        message: `The agent's home ${home} is not writable: permission denied.`,
        mend: expect.stringContaining('--home'),
      },
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  it("ends start with 2 where it is another person's", async (context) => {
    if (!isRoot) return context.skip('only root can be given a home of somebody else');
    if (!mayRead()) return context.skip('user nobody may not read this checkout');
    mkdirSync(desk.home, { mode: 0o755 });
    const refused = await desk.postern(['start'], { uid: NOBODY });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /belongs to another user .*\n +Choose a directory of your own with --home/,
    );
  });
});

describe('a damaged database', () => {
  it('is set aside, a new one begun, and status and doctor say so', async () => {
    const first = await desk.start();
    await desk.postern(['stop']);
    expect(await first.ended).toBe(0);
    const file = path.join(desk.home, 'postern.db');
    const size = statSync(file).size;
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.alloc(size - 4096, 0x5a), 0, size - 4096, 4096);
    closeSync(descriptor);

    await desk.start();
    const status = await statusOf(desk);
    expect(status.store.state).toBe('ok');
    const told = status.degraded.find(({ code }) => code === 'store-set-aside');
    const setAside = readdirSync(desk.home).find((name) => /^postern\.db\.corrupt-\w+$/.test(name)) ?? 'none';
    expect(told?.text).toContain(setAside);
    expect((await desk.postern(['status'])).stdout).toContain(setAside);
    expect((await desk.postern(['doctor'])).stdout).toContain(`a damaged one was set aside: ${setAside}`);
    expect((await desk.postern(['audit', 'tail'])).stdout).toContain('database-replaced');
    expect(await desk.postern(['audit', 'verify'])).toMatchObject({ code: 0 });
  });
});

describe('a full disk', () => {
  /** A file system of its own that can really be full; undefined where none may be mounted. */
  function smallDisk(): string | undefined {
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0755', 'none', folder], { stdio: 'ignore' });
      mounted.push(folder);
      return folder;
    } catch {
      rmSync(folder, { recursive: true, force: true });
      return undefined; // no right to mount: the test says that it was skipped
    }
  }

  function fill(folder: string): string {
    const file = path.join(folder, 'ballast');
    const descriptor = openSync(file, 'w');
    try {
      for (let bytes = 65_536; bytes >= 1; ) {
        try {
          writeSync(descriptor, Buffer.alloc(bytes));
        } catch {
          bytes = Math.floor(bytes / 2); // ENOSPC: smaller pieces still fit
        }
      }
    } finally {
      closeSync(descriptor);
    }
    return file;
  }

  it('keeps AI calls going, says so, and writes what it kept once there is room', async (context) => {
    const disk = smallDisk();
    if (disk === undefined) return context.skip('no file system may be mounted here');
    office = await openOffice({ home: path.join(disk, 'home') });
    const here = office;
    const ask = (): Promise<string> => chat(here);
    expect(await ask()).toBe('200');
    const ballast = fill(disk);
    for (let call = 0; call < 3; call += 1) expect(await ask()).toBe('200');
    await vi.waitFor(async () => expect((await statusOf(here)).store.state).toBe('degraded'), {
      timeout: 10_000,
      interval: 100,
    });
    const human = (await here.postern(['status'])).stdout;
    expect(human).toMatch(/records +degraded/);
    expect(human).toMatch(/no room to write .*: free some disk space/);
    expect((await here.postern(['doctor'])).stdout).toMatch(/✗ +disk .*free/);

    rmSync(ballast);
    await vi.waitFor(async () => expect((await statusOf(here)).store.state).toBe('ok'), {
      timeout: 45_000,
      interval: 250,
    });
    const kept = (await here.postern(['audit', 'export'])).stdout.match(/"kind":"exchange"/g);
    expect(kept).toHaveLength(4);
    expect(await here.postern(['audit', 'verify'])).toMatchObject({ code: 0 });
  }, 90_000);

  it('before the first start ends it with 2 and a plain word', async (context) => {
    const disk = smallDisk();
    if (disk === undefined) return context.skip('no file system may be mounted here');
    fill(disk);
    const refused = await desk.postern(['start'], { home: path.join(disk, 'home') });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/disk is full|free some disk space/i);
    // Room for the first files, not for all of them: whatever is reached says so in the same words.
    for (const bytes of [16_384, 65_536, 102_400]) {
      rmSync(path.join(disk, 'home'), { recursive: true, force: true });
      const ballast = fill(disk);
      truncateSync(ballast, statSync(ballast).size - bytes);
      const later = await desk.postern(['start'], { home: path.join(disk, 'home') });
      expect(later, String(bytes)).toMatchObject({ code: 2, stdout: '' });
      expect(later.stderr, String(bytes)).toMatch(/ENOSPC|disk is full|no room/i);
      expect(later.stderr).toContain('--home');
    }
  });
});

describe('a second agent for one home', () => {
  it('is refused with 1 and the way to the first, which goes on', async () => {
    const first = await desk.start();
    const second = await desk.postern(['start', '--json']);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout) as Failure).toMatchObject({
      error: {
        code: 'already-running',
        message: expect.stringContaining(`process ${first.child.pid}`),
        mend: expect.stringContaining('postern stop'),
      },
    });
    expect((await statusOf(desk)).process.pid).toBe(first.child.pid);
  });

  it('starts where the first has been killed', async () => {
    const first = await desk.start();
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await desk.postern(['status'])).code).toBe(3);
    const second = await desk.start();
    expect((await statusOf(desk)).process.pid).toBe(second.child.pid);
    expect(await desk.postern(['audit', 'verify'])).toMatchObject({ code: 0 });
  });
});

describe('a bad file at the start', () => {
  it('configuration: exit 2 with file, line, field and mend', async () => {
    desk.configure('{\n  "listen": { "prot": 7843 },\n  "upstream": { "proxy": 7 }\n}');
    const refused = await desk.postern(['start']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/config\.json:2:15: listen\.prot: unknown key\n +Did you mean "port"\?/);
    expect(refused.stderr).toMatch(/config\.json:3:\d+: upstream\.proxy: /);
    expect(existsSync(path.join(desk.home, 'agent.lock'))).toBe(false);
  });

  it('policy: exit 2 with file, line, field and mend', async () => {
    const policy = path.join(desk.folder, 'policy.yaml');
    writeFileSync(
      policy,
      'postern: 1\nname: acme\nguardrails:\n  - id: a\n    detect: sekrets\n    action: block\n',
    );
    const refused = await desk.postern(['start', '--policy', policy]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/policy\.yaml:5:\d+: guardrails\[0\]\.detect: .*\n +\S/);
    expect(existsSync(path.join(desk.home, 'agent.lock'))).toBe(false);
    const missing = await desk.postern(['start', '--policy', path.join(desk.folder, 'none.yaml')]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("none.yaml can't be read") });
  });
});

describe('a bad file while the agent runs', () => {
  it('policy: the last good one stays in force; status says what is wrong where', async () => {
    const policy = path.join(desk.folder, 'policy.yaml');
    writeFileSync(policy, 'postern: 1\nname: good\n');
    desk.configure({ policy: { file: policy } });
    await desk.start();
    writeFileSync(policy, 'postern: 1\nname: bad\nmodles: []\n');
    await vi.waitFor(async () => expect((await statusOf(desk)).policy.lastError).toBeDefined(), {
      timeout: 10_000,
      interval: 100,
    });
    const status = await statusOf(desk);
    expect(status.policy.name).toBe('good');
    expect(status.policy.lastError?.problems[0]).toMatchObject({ file: policy, line: 3, field: 'modles' });
    const human = await desk.postern(['status']);
    expect(human.stdout).toContain('A newer policy was refused; the one before is still in force.');
    expect(human.stdout).toMatch(/policy\.yaml:3:1: modles: .*\n +.*models/);
    expect(await desk.postern(['doctor'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('modles'),
    });
    writeFileSync(policy, 'postern: 1\nname: better\n');
    await vi.waitFor(async () => expect((await statusOf(desk)).policy).toMatchObject({ name: 'better' }), {
      timeout: 10_000,
      interval: 100,
    });
    expect((await statusOf(desk)).policy.lastError).toBeUndefined();
  });

  it('configuration: the last good one stays in force; status says what is wrong where', async () => {
    await desk.start();
    desk.configure('{ "upstream": { "porxy": "x" } }');
    await vi.waitFor(async () => expect((await statusOf(desk)).config.problems).toHaveLength(1), {
      timeout: 10_000,
      interval: 100,
    });
    const human = await desk.postern(['status']);
    expect(human.stdout).toMatch(/config\.json:1:\d+: upstream\.porxy: unknown key/);
    desk.configure({});
    await vi.waitFor(async () => expect((await statusOf(desk)).config.problems).toEqual([]), {
      timeout: 10_000,
      interval: 100,
    });
  });

  it('what is worth a second look is said by check, start and status', async () => {
    const policy = path.join(desk.folder, 'policy.yaml');
    writeFileSync(policy, 'postern: 1\nname: later\nrollout:\n  shadow: true\n');
    expect(await desk.postern(['policy', 'check', policy])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/policy\.yaml:4:\d+: rollout\.shadow: Shadow mode is on/),
    });
    desk.configure({ policy: { file: policy } });
    const running = await desk.start();
    await vi.waitFor(() => expect(running.log()).toContain('rollout.shadow: Shadow mode is on'));
    expect((await desk.postern(['status'])).stdout).toContain('rollout.shadow: Shadow mode is on');
  });
});

describe('SIGTERM', () => {
  it('lets a stream that ends in time end whole, takes no new calls, and exits with 0', async () => {
    office = await openOffice();
    const here = office;
    here.provider.eventDelayMs = 100;
    const stream = openStream(here);
    await stream.begun;
    here.agent.kill('SIGTERM');
    expect(await stream.text).toContain('data: [DONE]');
    expect(await exitOf(here)).toBe(0);
    expect((await here.postern(['status'])).code).toBe(3);
    expect((await here.postern(['audit', 'tail'])).stdout).toContain('agent-stopped');
  });

  it('cuts a stream that does not end, records it, and exits with 0 within its 5 s', async () => {
    office = await openOffice();
    const here = office;
    here.provider.eventDelayMs = 1000;
    here.provider.answer = () => ({ text: 'word '.repeat(200) });
    const stream = openStream(here);
    await stream.begun;
    const deadline = new Promise<string>((resolve) => setTimeout(resolve, 5500, 'still running').unref());
    here.agent.kill('SIGTERM');
    expect(await Promise.race([exitOf(here), deadline])).toBe(0);
    expect(await stream.text).not.toContain('[DONE]');
    expect((await here.postern(['audit', 'export'])).stdout).toMatch(/"kind":"exchange"/);
    expect(await here.postern(['audit', 'verify'])).toMatchObject({ code: 0 });
  });
});

describe('malformed messages', () => {
  it('on the proxy port and the local API end a connection, never the process', async () => {
    office = await openOffice();
    const here = office;
    const proxy = new URL(here.ready.proxy);
    const toProxy = (): net.Socket => net.connect(Number(proxy.port), proxy.hostname);
    const toApi = (): net.Socket => net.connect(here.ready.socket);
    const CONNECT = 'CONNECT api.openai.com:443 HTTP/1.1\r\nhost: api.openai.com:443\r\n\r\n';
    const messages: readonly (readonly [string, string | Buffer])[] = [
      ['nothing at all', ''],
      ['noise', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 167 + 13) % 256))],
      ['a TLS greeting', Buffer.from('16030100050100000100', 'hex')],
      ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['a head without end', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}`],
      ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
      [
        'both framings',
        'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      ],
      ['no port', 'CONNECT api.openai.com HTTP/1.1\r\n\r\n'],
      ['a port too far', 'CONNECT api.openai.com:99999 HTTP/1.1\r\n\r\n'],
      ['a broken address', 'CONNECT [::::1:443 HTTP/1.1\r\n\r\n'],
      ['a NUL in a name', 'CONNECT api\0.openai.com:443 HTTP/1.1\r\n\r\n'],
      ['a URL that is none', 'GET http://[/ HTTP/1.1\r\nhost: x\r\n\r\n'],
      ['noise inside', `${CONNECT}${'\u0001\u0002'.repeat(500)}`],
      [
        'half a greeting inside',
        Buffer.concat([Buffer.from(CONNECT), Buffer.from('1603010200010001fc0303', 'hex')]),
      ],
      ['plain HTTP inside', `${CONNECT}GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n`],
      ['not JSON for the API', 'POST /v1/stop HTTP/1.1\r\nhost: postern\r\ncontent-length: 3\r\n\r\n{{{'],
      ['a long line', `GET /${'a'.repeat(200_000)} HTTP/1.1\r\nhost: postern\r\n\r\n`],
    ];
    for (const [, message] of messages) {
      await said(toProxy(), message, (socket) => socket.end());
      await said(toProxy(), message, (socket) => socket.resetAndDestroy());
      await said(toApi(), message, (socket) => socket.end());
      await said(toApi(), message, (socket) => socket.destroy());
    }
    expect(here.agent.exitCode).toBeNull();
    expect((await statusOf(here)).process.pid).toBe(here.agent.pid);
    expect(await chat(here)).toBe('200');
    expect(here.log()).not.toMatch(/at .*\.ts:\d+/);
  });
});

/** Says it, then leaves as told; resolves once the connection is gone, or has been left alone long enough. */
function said(
  socket: net.Socket,
  message: string | Buffer,
  leave: (socket: net.Socket) => void,
): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined); // a reset is one of the right answers
    socket.on('data', () => undefined);
    socket.once('close', () => resolve());
    socket.setTimeout(300, () => socket.destroy());
    socket.write(message, () => leave(socket));
  });
}

function exitOf({ agent }: Office): Promise<number | null> {
  if (agent.exitCode !== null) return Promise.resolve(agent.exitCode);
  return new Promise((resolve) => agent.once('exit', (code) => resolve(code)));
}

const curlArgs = (here: Office, body: object): string[] => [
  '-sS',
  '-N',
  '--max-time',
  '30',
  '--proxy',
  here.ready.proxy,
  '--cacert',
  here.ready.ca,
  '-H',
  'content-type: application/json',
  '-d',
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...body }),
  'https://api.openai.com/v1/chat/completions',
];

async function chat(here: Office): Promise<string> {
  const args = ['-o', '/dev/null', '-w', '%{http_code}', ...curlArgs(here, {})];
  return (await runClient('curl', args, { env: cleanEnvironment(), timeoutMs: 30_000 })).stdout;
}

/** A streamed call; `begun` once the provider has it. */
function openStream(here: Office): { begun: Promise<void>; text: Promise<string> } {
  const text = runClient('curl', curlArgs(here, { stream: true }), {
    env: cleanEnvironment(),
    timeoutMs: 40_000,
  }).then(({ stdout }) => stdout);
  const begun = vi.waitFor(() => expect(here.provider.received.length).toBeGreaterThan(0), {
    timeout: 10_000,
    interval: 20,
  });
  return { begun, text };
}
