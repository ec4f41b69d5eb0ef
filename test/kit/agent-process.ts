/** The real agent as its own process, without an office around it: for how it starts, fails and ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Ran, runClient } from './clients.ts';
import { cleanEnvironment, POSTERN, type Ready } from './office.ts';

export interface Desk {
  readonly folder: string;
  readonly home: string;
  readonly configFile: string;
  /** Replaces the configuration file; port 0 unless the test says otherwise. */
  configure(config: Record<string, unknown> | string): void;
  /** Runs `postern ARGS` for this home. */
  postern(args: readonly string[], options?: DeskOptions): Promise<Ran>;
  /** Starts the agent and waits until it is ready; throws with what it said if it ends before. */
  start(options?: DeskOptions): Promise<RunningProcess>;
  /** Ends what still runs and removes the folder. */
  clear(): Promise<void>;
}

export interface DeskOptions {
  readonly home?: string;
  /** Another person's rights (POSIX). */
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** The words that run the agent somewhere else: in a namespace of its own. */
  readonly inside?: (command: readonly [string, ...string[]]) => [string, ...string[]];
}

export interface RunningProcess {
  readonly ready: Ready;
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  log(): string;
}

const TIMEOUT_MS = 30_000;

export function openDesk(): Desk {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-desk-'));
  chmodSync(folder, 0o755);
  const configFile = path.join(folder, 'config.json');
  const home = path.join(folder, 'home');
  const running: RunningProcess[] = [];
  const configure: Desk['configure'] = (config) =>
    writeFileSync(
      configFile,
      typeof config === 'string' ? config : JSON.stringify({ listen: { port: 0 }, ...config }),
    );
  configure({});
  const wordsFor = (args: readonly string[], options: DeskOptions): string[] => [
    POSTERN,
    ...args,
    '--home',
    options.home ?? home,
    '--config',
    configFile,
  ];
  const env = (options: DeskOptions): NodeJS.ProcessEnv => cleanEnvironment({ HOME: folder, ...options.env });
  return {
    folder,
    home,
    configFile,
    configure,
    postern: (args, options = {}) =>
      runClient(process.execPath, wordsFor(args, options), {
        env: env(options),
        timeoutMs: TIMEOUT_MS,
        ...(options.uid !== undefined && { uid: options.uid }),
      }),
    async start(options = {}) {
      const place = options.inside ?? ((command: readonly [string, ...string[]]) => command);
      const [command, ...args] = place([process.execPath, ...wordsFor(['start', '--json'], options)]);
      const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: env(options),
        ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
      });
      let log = '';
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
      const ended = new Promise<number | string>((resolve) =>
        child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
      );
      const ready = await new Promise<Ready>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const [line, rest] = text.split('\n', 2);
          if (rest === undefined || line === undefined) return;
          const first = JSON.parse(line) as Ready & { event?: string };
          if (first.event === 'ready') resolve(first);
          else reject(new Error(line));
        });
        void ended.then((code) =>
          reject(new Error(`the agent ended with ${code} before it was ready:\n${log}`)),
        );
      });
      const process_ = { ready, child, ended, log: () => log };
      running.push(process_);
      return process_;
    },
    async clear() {
      for (const { child, ended } of running) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
