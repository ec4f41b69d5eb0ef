/** A PostgreSQL server of the test's own, on loopback, out of the programs that the machine's package has installed. */
import { execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Installed } from '../../../kit/clients.ts';
import { cleanEnvironment } from '../../../kit/office.ts';

const exec = promisify(execFile);
/** Where Debian puts each version. */
const DEBIAN = '/usr/lib/postgresql';
const START_ATTEMPTS = 100;

export interface Postgres {
  readonly url: string;
  /** Runs a file of SQL. */
  run(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** The folder of its programs. */
export async function postgresPrograms(): Promise<Installed> {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const file = path.join(DEBIAN, version, 'bin');
    if (existsSync(path.join(file, 'initdb'))) return { file };
  }
  const told = await exec('pg_config', ['--bindir']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  return told !== undefined && existsSync(path.join(told, 'initdb'))
    ? { file: told }
    : { missing: 'PostgreSQL is not installed (its package is postgresql)' };
}

export async function startPostgres(programs: string, port: number): Promise<Postgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-postgres-'));
  const data = path.join(folder, 'data');
  // It refuses to run as root: its package brings a user for it.
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { cwd: folder, env: cleanEnvironment({ HOME: folder }), ...user };
  const program = (name: string): string => path.join(programs, name);
  await exec(program('initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync'], options);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 40,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(program('postgres'), ['-D', data, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const base = `postgresql://postgres@127.0.0.1:${port}`;
  const psql = (database: string, ...words: readonly string[]) =>
    exec(program('psql'), ['-qX', '-v', 'ON_ERROR_STOP=1', `${base}/${database}`, ...words], options);
  const stop = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      if (server.exitCode !== null) return resolve();
      server.once('exit', () => resolve());
      // https://www.postgresql.org/docs/current/server-shutdown.html: at once.
      server.kill('SIGQUIT');
    });
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await psql('postgres', '-c', 'CREATE DATABASE litellm');
      break;
    } catch (error) {
      if (attempt < START_ATTEMPTS && server.exitCode === null) {
        await sleep(100); // not yet
        continue;
      }
      await stop();
      throw new Error(`PostgreSQL did not come up:\n${log}`, { cause: error });
    }
  }
  return { url: `${base}/litellm`, run: async (file) => void (await psql('litellm', '-f', file)), stop };
}

async function postgresUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const number = async (what: '-u' | '-g'): Promise<number> =>
    Number((await exec('id', [what, 'postgres'])).stdout.trim());
  return { uid: await number('-u'), gid: await number('-g') };
}
