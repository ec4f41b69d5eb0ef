/**
 * Who holds a loopback connection, on Linux: the kernel's table of sockets gives an inode, and the process that has
 * it open is found under /proc. The table takes milliseconds to read, so it is read on another thread and shared; the
 * search takes slices of a millisecond, begins with who was found last, and goes from the newest process to the oldest.
 */
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type ProcessIdentity, programName } from '../../core/process.ts';
import { batched } from '../processes/batched.ts';
import { scriptOf } from '../processes/script.ts';
import { findClientSocket, type SocketOwner } from './proc-net.ts';

const SPACING_MS = 10;
const SLICE_MS = 1;
const RECENT = 8;
/**
 * After searches in vain in a row there are clients that can't be found: for this many times as long as the last one
 * took, only the newest processes are looked at.
 */
const IN_VAIN = 3;
const PENALTY = 10;
const NEWEST = 32;
const MAX_ARGUMENT_BYTES = 16_384;

export class LinuxProcesses {
  readonly #tables = batched(() => readTable('/proc/net/tcp'), SPACING_MS);
  readonly #tables6 = batched(() => readTable('/proc/net/tcp6'), SPACING_MS);
  /** Most recent first. */
  #recent: readonly number[] = [];
  #searching: Promise<unknown> = Promise.resolve();
  #searchAllFromMs = 0;
  #inVain = 0;

  async find(
    clientPort: number,
    proxyPort: number,
    hasGone: () => boolean,
  ): Promise<ProcessIdentity | undefined> {
    const socket =
      findClientSocket(await this.#tables(), clientPort, proxyPort) ??
      findClientSocket(await this.#tables6(), clientPort, proxyPort);
    if (socket === undefined) return undefined;
    // One after the other: connections that a program opens together are then found where the first was.
    const search = this.#searching.then(() => this.#owner(socket, hasGone));
    this.#searching = search.then(ignore, ignore);
    const pid = await search;
    return pid === undefined ? undefined : identityOf(pid);
  }

  async #owner(socket: SocketOwner, hasGone: () => boolean): Promise<number | undefined> {
    const ownUserId = process.getuid?.() ?? 0;
    // Only root may look into other people's processes.
    if (ownUserId !== 0 && socket.userId !== ownUserId) return undefined;
    const link = `socket:[${socket.inode}]`;
    const known = this.#recent.find((pid) => holds(pid, link));
    const pid = known ?? (await this.#search(link, socket.userId, hasGone));
    if (pid !== undefined)
      this.#recent = [pid, ...this.#recent.filter((one) => one !== pid)].slice(0, RECENT);
    return pid;
  }

  async #search(link: string, userId: number, hasGone: () => boolean): Promise<number | undefined> {
    const startedAtMs = performance.now();
    const all = startedAtMs >= this.#searchAllFromMs;
    let sliceAtMs = startedAtMs;
    if (hasGone()) return undefined;
    for (const pid of processesOf(userId, all ? Number.POSITIVE_INFINITY : NEWEST)) {
      if (holds(pid, link)) {
        this.#inVain = 0;
        return pid;
      }
      if (performance.now() - sliceAtMs < SLICE_MS) continue;
      await setImmediate();
      if (hasGone()) return undefined;
      sliceAtMs = performance.now();
    }
    const endedAtMs = performance.now();
    this.#inVain += 1;
    if (all && this.#inVain >= IN_VAIN)
      this.#searchAllFromMs = endedAtMs + PENALTY * (endedAtMs - startedAtMs);
    return undefined;
  }
}

const ignore = (): void => undefined;

async function readTable(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch {
    return ''; // no IPv6, or /proc is not mounted: nobody can be found there
  }
}

/** Newest first, as far as ids tell. */
function* processesOf(userId: number, limit: number): Generator<number> {
  const pids: number[] = [];
  for (const name of listing('/proc')) if (name.charCodeAt(0) <= NINE) pids.push(Number(name));
  pids.sort((a, b) => b - a);
  let seen = 0;
  for (const pid of pids) {
    if (fs.statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid !== userId) continue;
    yield pid;
    seen += 1;
    if (seen === limit) return;
  }
}
const NINE = 0x39;

function holds(pid: number, link: string): boolean {
  const directory = `/proc/${pid}/fd`;
  const descriptors = listing(directory);
  // What was opened last has, mostly, the highest number.
  for (let i = descriptors.length - 1; i >= 0; i -= 1) {
    if (linkTarget(`${directory}/${descriptors[i]}`) === link) return true;
  }
  return false;
}

function listing(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return []; // it has ended, or isn't ours to look into
  }
}

function linkTarget(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined; // as above
  }
}

/** Read anew for each connection (some 50 µs): a process may have become another program since the last one. */
function identityOf(pid: number): ProcessIdentity | undefined {
  // The kernel marks a file that was replaced while it runs, as every update does.
  const executable = linkTarget(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
  if (executable === undefined) return undefined;
  const argv = readStart(`/proc/${pid}/cmdline`).split('\0');
  const parent = parentOf(pid);
  const parentExecutable = parent === undefined ? undefined : linkTarget(`/proc/${parent}/exe`);
  return {
    pid,
    executable,
    command: argv[0] ? programName(argv[0]) : undefined,
    ...scriptOf(executable, argv, (file) => resolveIn(pid, file)),
    ...(parentExecutable !== undefined && { parentExecutable }),
  };
}

/** Field 4 of /proc/PID/stat (proc_pid_stat(5)); the second is a name that may hold spaces and brackets. */
function parentOf(pid: number): number | undefined {
  const stat = readStart(`/proc/${pid}/stat`);
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return Number.isInteger(parent) && parent > 0 ? parent : undefined;
}

function resolveIn(pid: number, file: string): string | undefined {
  const from = path.isAbsolute(file) ? '/' : linkTarget(`/proc/${pid}/cwd`);
  if (from === undefined) return undefined;
  try {
    return fs.realpathSync(path.resolve(from, file));
  } catch {
    return undefined; // no file: it was something else
  }
}

function readStart(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    const bytes = Buffer.allocUnsafe(MAX_ARGUMENT_BYTES);
    return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, MAX_ARGUMENT_BYTES, 0));
  } catch {
    return ''; // it has ended
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
