/** Starting programs: one in the foreground for `run`, one in the background for an agent of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { errorCode, PlatformError } from './platform-error.ts';
import { windowsCommandLine } from './win32/command-line.ts';

/** Sent to us alone, they are meant for the program. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];
/** The terminal sends them to the whole process group: the program has them already, and decides. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Runs `command` with our stdin, stdout and stderr and resolves with its exit code; 128 + n if signal n ended it, as
 * shells say. Throws PlatformError `command-not-found` or `command-not-executable`.
 */
export async function runInForeground(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const [program, args, windows] = commandLine(command, env);
  const child = spawn(program, args, { stdio: 'inherit', env, ...windows });
  const removeListeners = passSignalsTo(child);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(startError(command[0], error)));
      child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    });
  } finally {
    removeListeners();
  }
}

const signalNumber = (signal: NodeJS.Signals | null): number => (signal && os.constants.signals[signal]) || 0;

function commandLine(
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): [string, string[], { windowsVerbatimArguments?: boolean }] {
  if (process.platform !== 'win32') return [program, args, {}];
  const line = windowsCommandLine(program, args, env, (file) => fs.existsSync(file));
  return [line.program, [...line.args], { windowsVerbatimArguments: line.verbatim }];
}

function passSignalsTo(child: ChildProcess): () => void {
  const listeners: [NodeJS.Signals, () => void][] = [
    ...FORWARDED.map((signal): [NodeJS.Signals, () => void] => [signal, () => void child.kill(signal)]),
    ...FROM_TERMINAL.map((signal): [NodeJS.Signals, () => void] => [
      signal,
      // Without a terminal nobody else delivers it.
      () => void (process.stdin.isTTY ? undefined : child.kill(signal)),
    ]),
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.removeListener(signal, listener);
  };
}

function startError(program: string, error: Error): PlatformError {
  const code = errorCode(error);
  if (code === 'ENOENT') {
    return new PlatformError('command-not-found', `${program}: command not found.`, undefined, {
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOEXEC') {
    return new PlatformError('command-not-executable', `${program}: not an executable program.`, undefined, {
      cause: error,
    });
  }
  return new PlatformError('start-failed', `${program} could not be started: ${error.message}`, undefined, {
    cause: error,
  });
}

export interface BackgroundProgram {
  readonly pid: number;
  readonly firstLine: string;
}

/**
 * Starts a program that outlives us, its stderr appended to `logFile`, and resolves with its first line of output.
 * Throws PlatformError `start-failed` if it ends or stays silent for `timeoutMs`.
 */
export async function startInBackground(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  logFile: string,
  timeoutMs: number,
): Promise<BackgroundProgram> {
  const log = fs.openSync(logFile, 'a', 0o600);
  const logStart = fs.fstatSync(log).size;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', log],
    windowsHide: true,
  });
  fs.closeSync(log);
  try {
    const firstLine = await readFirstLine(child, timeoutMs);
    return { pid: child.pid ?? 0, firstLine };
  } catch (error) {
    child.kill();
    const said = tail(logFile, logStart);
    const why = error instanceof Error ? error.message : String(error);
    throw new PlatformError('start-failed', said || `The agent did not start: ${why}`, undefined, {
      cause: error,
    });
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

function readFirstLine(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', (code, signal) =>
      settle(() => reject(new Error(`it ended with ${signal ?? `code ${code}`}`))),
    );
    if (child.stdout) {
      createInterface({ input: child.stdout }).once('line', (line) => settle(() => resolve(line)));
    }
  });
}

const LOG_TAIL_BYTES = 4096;

function tail(file: string, from: number): string {
  const text = fs.readFileSync(file).subarray(from).subarray(-LOG_TAIL_BYTES).toString('utf8');
  return text.trim();
}
