import { type ChildProcess, execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ALL_COMMANDS } from '../../agent/src/cli/commands/all.ts';
import { type CommandTree, readTree } from '../../agent/src/cli/completion.ts';
import { createContext } from '../../agent/src/cli/context.ts';
import { processIo } from '../../agent/src/cli/io.ts';
import { buildProgram, runCli } from '../../agent/src/cli/run-cli.ts';
import { commands } from '../kit/mini-agent.ts';

const MINI_AGENT = path.resolve('test/kit/mini-agent.ts');

let home: string;
let children: ChildProcess[];
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  fs.writeFileSync(path.join(home, 'config.json'), '{"listen":{"port":0}}');
  children = [];
});
afterEach(async () => {
  if (fs.existsSync(path.join(home, 'agent.lock'))) await postern('stop');
  for (const child of children) child.kill('SIGKILL');
  await vi.waitFor(() => expect(fs.existsSync(path.join(home, 'agent.lock'))).toBe(false), 8000);
  fs.rmSync(home, { recursive: true, force: true });
});

/** Every command that does something itself: `['audit', 'tail']`. */
function leafCommands(): string[][] {
  const io = { ...processIo(), env: {} };
  const program = buildProgram(createContext([], commands, io), ALL_COMMANDS);
  const leaves = ({ path, children }: CommandTree): string[][] =>
    children.length === 0 ? [[...path]] : children.flatMap(leaves);
  return leaves(readTree(program));
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = (extra: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  POSTERN_HOME: home,
  POSTERN_CONFIG: path.join(home, 'config.json'),
  ...extra,
});

/** In this process, with streams of its own: quick, and the same code. */
async function postern(...args: string[]): Promise<Result> {
  return inProcess({}, args);
}

async function inProcess(env: Record<string, string>, args: string[]): Promise<Result> {
  const collect = (): { stream: PassThrough; text: () => string } => {
    const chunks: Buffer[] = [];
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
  };
  const [stdout, stderr] = [collect(), collect()];
  const code = await runCli(args, commands, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdin: Readable.from([Buffer.from('{"from":"stdin"}')]),
    env: environment(env),
    cwd: home,
    onStopSignal: () => () => undefined,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** As a program: where standard streams, signals or the environment itself matter. */
function posternProgram(...args: string[]): Promise<Result> {
  return posternWith({}, ...args);
}

function posternWith(env: Record<string, string>, ...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MINI_AGENT, ...args],
      { env: environment(env), maxBuffer: 64e6, timeout: 30_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    child.stdin?.end('{"from":"stdin"}');
  });
}

async function startAgent(...args: string[]): Promise<{ child: ChildProcess; firstLine: string }> {
  const child = spawn(process.execPath, [MINI_AGENT, 'start', ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  const firstLine = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout! }).once('line', resolve),
  );
  return { child, firstLine };
}
const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

describe('exit codes and usage', () => {
  test.each<[string, string[], number, string | RegExp]>([
    ['an unknown command is a usage error with a suggestion', ['statsu'], 2, 'Did you mean status?'],
    ['an unknown option', ['status', '--jsn'], 2, 'Did you mean --json?'],
    ['a missing argument', ['explain'], 2, "missing required argument 'url|id'"],
    ['too many arguments', ['stop', 'now'], 2, 'too many arguments'],
    ['a value out of range', ['pause', '--minutes', '9999', '--reason', 'x'], 2, 'Give 1 to 480 minutes.'],
    ['a choice that is none', ['usage', '--by', 'moon'], 2, 'Allowed choices are'],
    ['a date that is none', ['usage', '--since', 'soon'], 2, 'Give an age such as 24h'],
    ['no command at all', [], 2, 'Usage: postern'],
    ['a group without a command', ['audit'], 2, 'Usage: postern audit'],
    ['no agent', ['status'], 3, 'postern start'],
    ['no agent to stop', ['stop'], 3, 'postern start'],
    ['no agent for env', ['env'], 3, 'postern start'],
  ])('%s', async (_name, args, code, text) => {
    const result = await postern(...args);
    expect(result.stderr).toMatch(text);
    expect(result.stdout).toBe('');
    expect(result.code).toBe(code);
  });

  test('help is an answer, with examples, for every command', async () => {
    const help = await postern('--help');
    expect(help.code).toBe(0);
    const names = [...help.stdout.matchAll(/^ {2}(\w+) (?:\[|<|\s)/gm)].map(([, name]) => name!);
    expect(names).toContain('doctor');
    // One line each, alike.
    expect(help.stdout).toMatch(/\n {2}pause \[options\] +let AI traffic pass unchecked for a while\n/);
    expect(help.stdout.split('Commands:')[1]?.split('Start here')[0]).not.toMatch(/ {2}[A-Z][^ ]*.*\.$/m);
    for (const path of leafCommands()) {
      const { code, stdout } = await postern(...path, '--help');
      expect(code, path.join(' ')).toBe(0);
      expect(stdout, path.join(' ')).toMatch(/\nExamples?:\n {2}(\$|PS>) /);
      for (const option of ['--home <dir>', '--config <file>', '--json'])
        expect(stdout, path.join(' ')).toContain(option);
    }
    expect(await postern('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  test('--json errors are JSON on stdout and a sentence on stderr', async () => {
    const result = await postern('status', '--json');
    expect(result.code).toBe(3);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'not-running' } });
    expect(result.stderr).toContain('No agent is running');
  });

  test('a bad configuration: every problem with its place, exit 2', async () => {
    fs.writeFileSync(path.join(home, 'config.json'), '{\n  "listne": 1\n}');
    const result = await postern('start');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`${path.join(home, 'config.json')}:2:3: listne: unknown key`);
    expect(result.stderr).toContain('Did you mean "listen"?');
    const run = await posternProgram('run', '--', 'true');
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('listne: unknown key') });
  });

  test('a home that cannot be one', async () => {
    const result = await postern('start', '--home', path.join(home, 'config.json'));
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('--home') });
  });
});

describe('start, status, stop', () => {
  test('the ready line comes first; status, pause and env speak to it; stop ends it with 0', async () => {
    const { child, firstLine } = await startAgent('--json');
    const ready = JSON.parse(firstLine) as Record<string, string>;
    expect(Object.keys(ready)).toEqual(['event', 'proxy', 'pac', 'ca', 'socket', 'policy']);
    expect(ready).toMatchObject({ event: 'ready', socket: path.join(home, 'agent.sock') });
    expect(JSON.parse((await postern('status', '--json')).stdout)).toMatchObject({
      state: 'running',
      proxy: { url: ready['proxy'] },
    });
    const human = await postern('--home', home, 'status');
    expect(human.stdout).toMatch(/^Postern is running\.\n\n {2}proxy {8}http/);
    expect(human.stdout).not.toContain('\u001b');
    expect((await inProcess({ FORCE_COLOR: '1' }, ['status'])).stdout).toContain('\u001b[');
    expect((await inProcess({ FORCE_COLOR: '1', NO_COLOR: '1' }, ['status'])).stdout).not.toContain('\u001b');
    expect((await postern('pause', '--minutes', '5', '--reason', 'lunch')).stdout).toMatch(
      /^Paused until \d{4}-/,
    );
    expect((await postern('resume')).code).toBe(0);
    expect((await postern('env', '--shell', 'sh')).stdout).toContain(
      `export HTTPS_PROXY='${ready['proxy']}'`,
    );
    const doctor = JSON.parse((await postern('doctor', '--json')).stdout) as {
      ok: boolean;
      checks: { name: string; state: string }[];
    };
    expect(doctor.ok).toBe(true);
    expect(doctor.checks).toContainEqual(expect.objectContaining({ name: 'proxy', state: 'ok' }));
    expect(await postern('stop')).toMatchObject({ code: 0, stdout: 'Postern has stopped.\n' });
    expect(await ended(child)).toBe(0);
  });

  test('a second one is refused; SIGTERM ends the first within its time', async () => {
    const { child } = await startAgent();
    const second = await posternProgram('start', '--json');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('already running') });
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(0);
    expect((await postern('status')).code).toBe(3);
  });

  test('NODE_OPTIONS never reaches the agent', async () => {
    const spy = path.join(home, 'spy.cjs');
    const seen = path.join(home, 'seen');
    fs.writeFileSync(spy, `require('fs').appendFileSync(${JSON.stringify(seen)}, process.pid + '\\n')`);
    await posternWith({ NODE_OPTIONS: `--require ${spy}` }, 'run', '--', 'true');
    const log = fs.readFileSync(path.join(home, 'agent.log'), 'utf8');
    expect(log).not.toContain('NODE_OPTIONS');
    // The CLI's own process saw it; the agent, started by the CLI, did not.
    expect(fs.readFileSync(seen, 'utf8').trim().split('\n')).toHaveLength(1);
  });
});

describe('run', () => {
  const script = (code: string): string[] => ['--', process.execPath, '-e', code];

  test('without an agent: starts one, passes exit code and output, ends it', async () => {
    const result = await posternProgram(
      'run',
      ...script('process.stdout.write(process.env.HTTPS_PROXY); process.exit(7)'),
    );
    expect(result.code).toBe(7);
    expect(result.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(result.stderr).toBe(
      `postern: no agent was running; started one for this command at ${result.stdout}\n`,
    );
    expect((await postern('status')).code).toBe(0);
    await vi.waitFor(async () => expect((await postern('status')).code).toBe(3), {
      timeout: 8000,
      interval: 500,
    });
  });

  test("a real program's call arrives at the proxy", async () => {
    const result = await posternProgram('run', '--', 'curl', '-sS', 'http://ai.example/hello');
    expect(result).toMatchObject({ code: 0, stdout: 'proxied http://ai.example/hello' });
  });

  test('with an agent it uses that one, silently; two at once share one of their own', async () => {
    // The first two go on until they are told to end, so that their agent is there for the third however long it takes.
    const go = path.join(home, 'go');
    const sayAndWait = `
      console.log(process.env.HTTPS_PROXY);
      const fs = require('fs');
      fs.appendFileSync(${JSON.stringify(path.join(home, 'said'))}, 'x');
      setInterval(() => fs.existsSync(${JSON.stringify(go)}) && process.exit(0), 50);`;
    const two = [1, 2].map(() => posternProgram('run', ...script(sayAndWait)));
    await vi.waitFor(() => expect(fs.readFileSync(path.join(home, 'said'), 'utf8')).toBe('xx'), {
      timeout: 25_000,
      interval: 100,
    });
    const third = await posternProgram('run', ...script('console.log(process.env.HTTPS_PROXY)'));
    fs.writeFileSync(go, '');
    const both = await Promise.all(two);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0]?.stdout).toBe(both[1]?.stdout);
    expect(both.filter(({ stderr }) => stderr.includes('started one'))).toHaveLength(1);
    expect(third).toMatchObject({ code: 0, stdout: both[0]?.stdout, stderr: '' });
  });

  test('a taken port is no obstacle to run, and one to start', async () => {
    const blocker = http.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    fs.writeFileSync(path.join(home, 'config.json'), JSON.stringify({ listen: { port } }));
    expect(await posternProgram('start')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Port ${port} is taken.`),
    });
    const result = await posternProgram('run', ...script('console.log(process.env.HTTPS_PROXY)'));
    expect(result.code).toBe(0);
    expect(result.stdout).not.toContain(String(port));
    blocker.close();
  });

  test('a command that is not there is 127, one that is no program 126', async () => {
    expect(await posternProgram('run', '--', 'no-such-program')).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('command not found'),
    });
    expect((await posternProgram('run', '--', path.join(home, 'config.json'))).code).toBe(126);
  });

  test('signals reach the program, and its death is told as shells do', async () => {
    await startAgent();
    const child = spawn(
      process.execPath,
      [
        MINI_AGENT,
        'run',
        ...script(
          "process.on('SIGTERM', () => process.exit(42)); console.log('up'); setInterval(() => 0, 1e3)",
        ),
      ],
      { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(42);
    expect((await posternProgram('run', ...script("process.kill(process.pid, 'SIGKILL')"))).code).toBe(137);
  });
});

describe('what needs no agent', () => {
  test('explain: the decision record on top, a body from stdin, no terminal escapes', async () => {
    const json = await postern(
      'explain',
      'https://api.openai.com/v1/responses',
      '--body',
      '-',
      '--app',
      'codex',
      '--json',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      decision: 'block',
      effective: 'warn',
      reasons: [{ text: 'saw 16 bytes' }],
      app: { id: 'codex' },
      trace: [{ text: 'POST' }],
    });
    const human = await postern('explain', 'x');
    expect(human.stdout).toMatch(/^warn \(the policy says block/);
    expect(human.stdout).not.toContain('\u001b');
    expect((await postern('explain', 'x', '--body', '/nowhere')).code).toBe(2);
  });

  test('policy check: 0 and 1', async () => {
    const file = path.join(home, 'p.yaml');
    fs.writeFileSync(file, 'good');
    expect(await postern('policy', 'check', file)).toMatchObject({
      code: 0,
      stdout: 'ok: baseline (a1b2c3d4), 2 services\n',
    });
    fs.writeFileSync(file, 'bad');
    const refused = await postern('policy', 'check', file);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(`${file}:3:5: services: unknown\n    Remove it.`);
  });

  test('audit and usage', async () => {
    expect((await postern('audit', 'tail')).stdout).toMatch(/#\s+time\s+what/);
    expect(JSON.parse((await postern('audit', 'tail', '-n', '1', '--json')).stdout)).toEqual([{ id: 'b' }]);
    expect(await postern('audit', 'verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('#2: hash differs'),
    });
    const usage = await postern('usage');
    expect(usage.stdout).toContain('claude-code      4        1  12.3k   90  ~$0.050');
    expect(usage.stdout).toContain('$12.34');
    expect(JSON.parse((await postern('usage', '--by', 'model', '--json')).stdout)).toMatchObject({
      by: 'model',
    });
  });

  test('an export into a file is whole or not there, yours alone, and says what it wrote', async () => {
    const file = path.join(home, 'log.csv');
    const written = await postern('audit', 'export', '--format', 'csv', '--out', 'log.csv');
    expect(written).toMatchObject({ code: 0, stdout: '49999 records written to log.csv.\n', stderr: '' });
    expect(fs.readFileSync(file, 'utf8').split('\n')).toHaveLength(50_001);
    if (process.platform !== 'win32') expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await postern('audit', 'export', '-o', 'log.csv', '--json')).stdout)).toEqual({
      file,
      format: 'jsonl',
      records: 50_000,
    });
    const refused = await postern('audit', 'export', '--out', 'no/such/folder/log.csv');
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("can't be written"),
    });
    expect(fs.readdirSync(home).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test.each([
    [['--format', 'xml'], 'Allowed choices are jsonl, csv, cef, ocsf'],
    [['--format', 'cef', '--json'], 'cef is not JSON'],
    [['--since', 'soon'], 'Give an age such as 24h'],
    [['--since', '1d', '--until', '2d'], '--until lies before --since'],
  ])('an export that can not be meant: %s', async (args, text) => {
    expect(await postern('audit', 'export', ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(text),
    });
  });

  test('an export into a reader that has had enough ends quietly', async () => {
    const result = await new Promise<string>((resolve) => {
      const line = `"${process.execPath}" "${MINI_AGENT}" audit export; echo "exit $?" >&2`;
      execFile('sh', ['-c', `( ${line} ) | head -1`], { env: environment() }, (_error, stdout, stderr) =>
        resolve(`${stdout.slice(0, 13)} ${stderr}`),
      );
    });
    expect(result).toBe('{"sequence":1 exit 0\n');
    expect((await postern('audit', 'export')).stdout.trim().split('\n')).toHaveLength(50_000);
  });
});
