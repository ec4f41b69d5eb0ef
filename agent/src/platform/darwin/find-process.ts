/**
 * Who holds a loopback connection, on macOS: `lsof` knows, for processes of the same user (as root: for all). Written
 * from its manual and checked with recorded output; not run on a Mac yet.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ProcessIdentity, programName } from '../../core/process.ts';
import type { askProgram } from '../processes/ask-program.ts';
import { batched } from '../processes/batched.ts';
import { scriptOf } from '../processes/script.ts';
import { clientOf, fileOf, parseLsof } from './lsof.ts';

const LSOF = '/usr/sbin/lsof';
const SPACING_MS = 100;

export class DarwinProcesses {
  readonly #ask: typeof askProgram;
  readonly #connections: (proxyPort: number) => Promise<string>;

  constructor(ask: typeof askProgram) {
    this.#ask = ask;
    let proxyPort = 0;
    const read = batched(
      () => ask(LSOF, ['-nP', `-iTCP:${proxyPort}`, '-sTCP:ESTABLISHED', '-FpRn']),
      SPACING_MS,
    );
    this.#connections = (port) => {
      proxyPort = port; // the same for as long as we listen
      return read();
    };
  }

  async find(clientPort: number, proxyPort: number): Promise<ProcessIdentity | undefined> {
    const client = clientOf(parseLsof(await this.#connections(proxyPort)), clientPort, proxyPort);
    if (client === undefined) return undefined;
    const { pid, parent } = client;
    const ids = parent === undefined ? `${pid}` : `${pid},${parent}`;
    const [files, args] = await Promise.all([
      this.#ask(LSOF, ['-nP', '-a', '-p', ids, '-d', 'txt,cwd', '-Fpn']),
      this.#ask('/bin/ps', ['-ww', '-o', 'args=', '-p', `${pid}`]),
    ]);
    const found = parseLsof(files);
    const own = found.find((one) => one.pid === pid);
    const executable = fileOf(own, 'txt');
    if (executable === undefined) return undefined;
    const parentExecutable = fileOf(
      found.find((one) => one.pid === parent),
      'txt',
    );
    // ps joins arguments with spaces: a script whose path holds one isn't recognised.
    const argv = args.trim().split(' ');
    return {
      pid,
      executable,
      command: argv[0] ? programName(argv[0]) : undefined,
      ...scriptOf(executable, argv, (file) => existing(path.posix.resolve(fileOf(own, 'cwd') ?? '/', file))),
      ...(parentExecutable !== undefined && { parentExecutable }),
    };
  }
}

function existing(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined; // no file: it was something else
  }
}
