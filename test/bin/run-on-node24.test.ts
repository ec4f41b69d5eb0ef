/** A machine whose own Node is too old: every command runs on the Node that npm brought, or says in one sentence what is missing. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALL_COMMANDS } from '../../agent/src/cli/commands/all.ts';
import { type CommandTree, readTree } from '../../agent/src/cli/completion.ts';
import { createContext } from '../../agent/src/cli/context.ts';
import { processIo } from '../../agent/src/cli/io.ts';
import { buildProgram } from '../../agent/src/cli/run-cli.ts';
import { commands } from '../kit/mini-agent.ts';

const BIN = path.resolve('agent/bin');
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** The machine's own Node, if it is too old for us. */
function oldNode(): string | undefined {
  const names = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'node'));
  return [...names, '/usr/bin/node', '/usr/local/bin/node'].find((file) => {
    if (!existsSync(file)) return false;
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    return Number.parseInt(version, 10) < 24;
  });
}

const old = oldNode();
const needed = (context: { skip(note: string): never }): string =>
  old ?? context.skip('no Node older than 24 is on this machine');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(node: string, args: readonly string[], cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(node, args, { cwd, env: { PATH: '/usr/bin:/bin', HOME: tmpdir() } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}

/** A checkout without any package: what `npm ci` leaves where no Node 24 fits the platform. */
let bare: string;
beforeEach(() => {
  bare = mkdtempSync(path.join(tmpdir(), 'pstn-bare-'));
  cpSync(BIN, path.join(bare, 'agent/bin'), { recursive: true });
  writeFileSync(path.join(bare, 'agent/package.json'), '{"type":"module"}');
});
afterEach(() => rmSync(bare, { recursive: true, force: true }));

const leaves = ({ path: words, children }: CommandTree): string[][] =>
  children.length === 0 ? [[...words]] : children.flatMap(leaves);
const everyCommand = leaves(
  readTree(buildProgram(createContext([], commands, { ...processIo(), env: {} }), ALL_COMMANDS)),
);

describe('where no Node 24 fits', () => {
  it('every command says so in one sentence and ends with 2', async (context) => {
    const node = needed(context);
    const postern = path.join(bare, 'agent/bin/postern.js');
    for (const words of [[], ['--help'], ['--version'], ...everyCommand]) {
      const ended = await run(node, [postern, ...words]);
      expect(ended, words.join(' ')).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr, words.join(' ')).toMatch(
        /^postern needs Node 24 or newer and this is Node \d+\.\d+\.\d+; install Node 24 from https:\/\/nodejs\.org and try again\.\n$/,
      );
    }
  });

  it("so do npm's own scripts", async (context) => {
    const node = needed(context);
    const ended = await run(node, [path.join(bare, 'agent/bin/run-on-node24.js'), 'test/run.ts']);
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('install Node 24') });
  });

  it('and where the one that npm brought does not run on this machine', async (context) => {
    const node = needed(context);
    const folder = path.join(bare, 'node_modules', PACKAGE);
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: PACKAGE, version: '24.0.0' }));
    const postern = path.join(bare, 'agent/bin/postern.js');
    // As with another libc: the kernel answers ENOENT for the loader that the file names.
    const missing = await run(node, [postern, 'status']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toMatch(
      /^postern: Node 24 at \S+ could not be started \(.*\); install Node 24 .*\n$/,
    );
  });
});

describe('where one came with npm ci', () => {
  const brought = existsSync(path.resolve('node_modules', PACKAGE, 'package.json'));

  it('the command runs on it, with its output and exit code', async (context) => {
    const node = needed(context);
    if (!brought) return context.skip(`${PACKAGE} is not installed`);
    const postern = path.join(BIN, 'postern.js');
    expect(await run(node, [postern, '--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const home = path.join(bare, 'home');
    expect(await run(node, [postern, 'status', '--home', home])).toMatchObject({ code: 3, stdout: '' });
  });

  it('a script runs on it too', async (context) => {
    const node = needed(context);
    if (!brought) return context.skip(`${PACKAGE} is not installed`);
    const script = path.join(bare, 'which.ts');
    writeFileSync(
      script,
      'const version: string = process.versions.node; console.log(version.split(".")[0]);',
    );
    const ended = await run(node, [path.join(BIN, 'run-on-node24.js'), script], bare);
    expect(ended).toMatchObject({ code: 0, stdout: '24\n' });
  });
});
