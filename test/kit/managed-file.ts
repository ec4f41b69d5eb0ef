/**
 * Device management's configuration file for one process: its path is fixed by the OS, so the process gets a mount
 * namespace in which `/etc` is the machine's own with that file in it. Where none may be made, the answer says why.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export interface ManagedFile {
  /** The words that run a command where the file is. */
  inside(command: readonly [string, ...string[]]): [string, ...string[]];
  close(): void;
}

/** $1: a folder with `old` (to become the machine's /etc) and `new` (what takes its place; relative links break in it). */
const SCRIPT = `set -e
mount --rbind /etc "$1/old"
for file in "$1"/old/*; do [ "\${file##*/}" = postern ] || ln -sfn "$file" "$1/new/"; done
mount --rbind "$1/new" /etc
shift
exec "$@"`;

export async function openManagedFile(config: object): Promise<ManagedFile | { readonly missing: string }> {
  if (process.platform !== 'linux')
    return { missing: `mount namespaces are Linux's; this is ${process.platform}` };
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-etc-'));
  for (const name of ['old', 'new/postern']) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, 'new', 'postern', 'config.json'), JSON.stringify(config));
  const flags = process.getuid?.() === 0 ? '-m' : '-rm';
  const inside: ManagedFile['inside'] = (command) => [
    'unshare',
    flags,
    'sh',
    '-c',
    SCRIPT,
    'sh',
    folder,
    ...command,
  ];
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  const [command, ...args] = inside(['cat', '/etc/postern/config.json']);
  try {
    await exec(command, args);
  } catch (error) {
    close();
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `no mount namespace may be made here: ${why}` };
  }
  return { inside, close };
}
