/**
 * Who holds a loopback connection, on Windows: `netstat` gives the process id, PowerShell what that process is.
 * PowerShell takes half a second to start, so an answer is kept for a minute; an id that was given to another process
 * within it is taken for the first. Written from Microsoft's pages and checked with recorded output; not run on
 * Windows yet.
 */
import fs from 'node:fs';
import { type ProcessIdentity, programName } from '../../core/process.ts';
import type { askProgram } from '../processes/ask-program.ts';
import { batched } from '../processes/batched.ts';
import { scriptOf } from '../processes/script.ts';
import { findClientPid, parseProcess, processScript, splitCommandLine } from './netstat.ts';

/** By full path: no variable may choose another. */
const SYSTEM = 'C:\\Windows\\System32';
const NETSTAT = `${SYSTEM}\\NETSTAT.EXE`;
const POWERSHELL = `${SYSTEM}\\WindowsPowerShell\\v1.0\\powershell.exe`;
const SPACING_MS = 100;
const KEEP_MS = 60_000;
const MAX_KEPT = 64;

export class WindowsProcesses {
  readonly #ask: typeof askProgram;
  readonly #connections: () => Promise<string>;
  readonly #kept = new Map<number, { readonly atMs: number; found: Promise<ProcessIdentity | undefined> }>();

  constructor(ask: typeof askProgram) {
    this.#ask = ask;
    this.#connections = batched(async () => {
      const [v4, v6] = await Promise.all([
        ask(NETSTAT, ['-ano', '-p', 'TCP']),
        ask(NETSTAT, ['-ano', '-p', 'TCPv6']),
      ]);
      return `${v4}\n${v6}`;
    }, SPACING_MS);
  }

  async find(clientPort: number, proxyPort: number): Promise<ProcessIdentity | undefined> {
    const pid = findClientPid(await this.#connections(), clientPort, proxyPort);
    if (pid === undefined) return undefined;
    const nowMs = performance.now();
    let kept = this.#kept.get(pid);
    if (kept === undefined || nowMs - kept.atMs > KEEP_MS) {
      kept = { atMs: nowMs, found: this.#identify(pid) };
      this.#kept.delete(pid);
      this.#kept.set(pid, kept);
      const oldest = this.#kept.keys().next().value;
      if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
      kept.found.catch(() => this.#kept.delete(pid)); // the caller sees why; the next one asks again
    }
    return kept.found;
  }

  async #identify(pid: number): Promise<ProcessIdentity | undefined> {
    const script = processScript(pid);
    const answer = parseProcess(
      await this.#ask(POWERSHELL, ['-NoProfile', '-NonInteractive', '-Command', script]),
    );
    if (answer === undefined) return undefined;
    const { executable, commandLine, parentExecutable } = answer;
    const argv = splitCommandLine(commandLine);
    return {
      pid,
      executable,
      command: argv[0] ? programName(argv[0]) : undefined,
      // Another process's working directory can't be asked for: relative paths are judged by their look alone.
      ...scriptOf(executable, argv, (file) =>
        fs.existsSync(file) || SCRIPT_FILE.test(file) ? file : undefined,
      ),
      ...(parentExecutable !== undefined && { parentExecutable }),
    };
  }
}

const SCRIPT_FILE = /^[\w.@ :\\/-]{1,260}\.(c|m)?(js|ts|py|rb)$/i;
