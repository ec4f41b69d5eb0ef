/**
 * Large real clients, installed on first use into `test/.cache` rather than by every `npm ci`. Where one can't be
 * had (no registry, other platform), the answer says why, and the test that wants it is skipped by that reason.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const CACHE = path.join(import.meta.dirname, '..', '.cache', 'clients');
const INSTALL_TIMEOUT_MS = 180_000;

export type Installed = { readonly file: string } | { readonly missing: string };

interface NpmClient {
  readonly package: string;
  readonly version: string;
  /** Path of the program inside node_modules, for this platform. */
  readonly program: string;
}

const NPM_CLIENTS = {
  claude: {
    package: '@anthropic-ai/claude-code',
    version: '2.1.330',
    program: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
  },
  gemini: {
    package: '@google/gemini-cli',
    version: '0.61.0',
    program: '@google/gemini-cli/bundle/gemini.js',
  },
  codex: {
    package: '@openai/codex',
    version: '0.169.0',
    program: '@openai/codex/bin/codex.js',
  },
  qwen: {
    package: '@qwen-code/qwen-code',
    version: '0.24.4',
    program: '@qwen-code/qwen-code/cli-entry.js',
  },
  continue: {
    package: '@continuedev/cli',
    version: '1.5.47',
    program: '@continuedev/cli/dist/cn.js',
  },
  copilot: {
    package: '@github/copilot',
    version: '1.0.102',
    program: `@github/copilot-${process.platform}-${process.arch}/copilot`,
  },
  cline: {
    package: 'cline',
    version: '3.0.65',
    program: `@cline/cli-${process.platform}-${process.arch}/bin/cline`,
  },
  electronBuilder: {
    package: 'electron-builder',
    version: '26.17.0',
    program: 'electron-builder/cli.js',
  },
} satisfies Record<string, NpmClient>;

/** Installs one npm client without running its scripts; resolves to its program file. */
export async function npmClient(name: keyof typeof NPM_CLIENTS): Promise<Installed> {
  const client: NpmClient = NPM_CLIENTS[name];
  const folder = path.join(CACHE, `${name}-${client.version}`);
  const file = path.join(folder, 'node_modules', client.program);
  if (existsSync(file)) return { file };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  try {
    await exec('npm', [...args, `${client.package}@${client.version}`], {
      cwd: folder,
      timeout: INSTALL_TIMEOUT_MS,
    });
  } catch (error) {
    return { missing: `${client.package} could not be installed: ${firstLine(error)}` };
  }
  return existsSync(file)
    ? { file }
    : { missing: `${client.package} has no build for ${process.platform}-${process.arch}` };
}

/** Packages of npm side by side, without their scripts; resolves to their folder. */
export async function npmPackages(name: string, packages: readonly string[]): Promise<Installed> {
  const folder = path.join(CACHE, name);
  const marker = path.join(folder, 'installed');
  if (existsSync(marker)) return { file: folder };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...packages];
  try {
    await exec('npm', args, { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
  } catch (error) {
    return { missing: `${packages.join(', ')} could not be installed: ${firstLine(error)}` };
  }
  writeFileSync(marker, '');
  return { file: folder };
}

/** A Python with the given packages, in a virtual environment of its own. */
export async function pythonWith(
  packages: readonly string[],
  timeoutMs = INSTALL_TIMEOUT_MS,
): Promise<Installed> {
  const folder = path.join(CACHE, `python-${packages.join('-').replaceAll(/[=[\]]/g, '')}`);
  const file = path.join(folder, 'bin', 'python');
  const marker = path.join(folder, 'installed');
  if (existsSync(marker)) return { file };
  try {
    mkdirSync(CACHE, { recursive: true });
    await exec('python3', ['-m', 'venv', folder], { timeout: INSTALL_TIMEOUT_MS });
    await exec(file, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
      timeout: timeoutMs,
    });
  } catch (error) {
    return { missing: `Python packages ${packages.join(', ')} could not be installed: ${firstLine(error)}` };
  }
  writeFileSync(marker, '');
  return { file };
}

export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** Runs a program to its end (or kills it at the time limit: `code` is then undefined). */
export function runClient(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; timeoutMs: number; stdin?: string; uid?: number },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(command, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    });
    let stdout = '';
    let stderr = '';
    // Clients relaunch themselves: the whole process group has to go, or a grandchild keeps our pipes open.
    const timer = setTimeout(() => killGroup(child.pid), options.timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, stdout, stderr, elapsedMs: performance.now() - startedMs });
    });
    child.stdin.end(options.stdin ?? '');
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group ended by itself between the timer and the call.
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n').find((line) => line.trim() !== '') ??
  'unknown';
