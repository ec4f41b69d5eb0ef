import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homeFiles, prepareHome } from '../../agent/src/platform/home.ts';
import { acquireInstanceLock, instanceLockHolder } from '../../agent/src/platform/instance-lock.ts';
import { platform, resolveHome } from '../../agent/src/platform/platform.ts';
import { PlatformError } from '../../agent/src/platform/platform-error.ts';
import {
  ensurePrivateDirectory,
  readPrivateFile,
  writePrivateFile,
} from '../../agent/src/platform/private-files.ts';
import { privateAclArguments } from '../../agent/src/platform/win32/acl.ts';

let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
});
afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

const failure = (act: () => unknown): PlatformError => {
  try {
    act();
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('where the home is', () => {
  const linux = platform('linux');
  test.each([
    ['--home wins', '/srv/p', { POSTERN_HOME: '/env' }, '/srv/p'],
    ['then POSTERN_HOME', undefined, { POSTERN_HOME: '/env' }, '/env'],
    ['then XDG', undefined, { XDG_DATA_HOME: '/xdg' }, '/xdg/postern'],
    [
      'a relative XDG_DATA_HOME is ignored',
      undefined,
      { XDG_DATA_HOME: 'x' },
      '/home/ann/.local/share/postern',
    ],
    ['then the default', undefined, {}, '/home/ann/.local/share/postern'],
  ])('%s', (_name, option, env, directory) => {
    expect(resolveHome(option, env, linux, '/home/ann').directory).toBe(directory);
  });

  test('macOS and Windows', () => {
    expect(resolveHome(undefined, {}, platform('darwin'), '/Users/ann').directory).toBe(
      '/Users/ann/Library/Application Support/Postern',
    );
    expect(resolveHome(undefined, {}, platform('win32'), 'C:\\Users\\ann').directory).toBe(
      'C:\\Users\\ann\\AppData\\Local\\Postern',
    );
    expect(platform('win32').managedConfigFile).toBe('C:\\ProgramData\\Postern\\config.json');
  });

  test('a socket path that is too long to bind moves to a short one, the same every time', () => {
    const long = `/home/${'x'.repeat(120)}`;
    const socket = linux.socketPath(long, 1000);
    expect(linux.socketPath('/home/ann/p', 1000)).toBe('/home/ann/p/agent.sock');
    expect(socket).toMatch(/^\/tmp\/postern-1000-[0-9a-f]{16}\/agent\.sock$/);
    expect(linux.socketPath(long, 1000)).toBe(socket);
    expect(linux.socketPath(`${long}y`, 1000)).not.toBe(socket);
    expect(platform('win32').socketPath('C:\\A', 0)).toBe(platform('win32').socketPath('c:\\a', 0));
  });
});

describe('a private directory', () => {
  test('is made with its parents, 0700', () => {
    const directory = path.join(scratch, 'a/b');
    ensurePrivateDirectory(directory);
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
  });

  test('that is too open is closed', () => {
    fs.chmodSync(scratch, 0o777);
    ensurePrivateDirectory(scratch);
    expect(fs.statSync(scratch).mode & 0o777).toBe(0o700);
  });

  test('a file in its way', () => {
    fs.writeFileSync(path.join(scratch, 'f'), '');
    expect(failure(() => ensurePrivateDirectory(path.join(scratch, 'f'))).code).toBe('home-not-a-directory');
    expect(failure(() => ensurePrivateDirectory(path.join(scratch, 'f/g'))).code).toBe(
      'home-not-a-directory',
    );
  });

  test('that cannot be written says why and what to do', () => {
    const error = failure(() => ensurePrivateDirectory('/proc/postern'));
    expect(error.code).toBe('home-not-writable');
    expect(error.mend).toContain('--home');
  });

  test.runIf(process.getuid?.() === 0)("somebody else's is refused, also behind a symlink", () => {
    const theirs = path.join(scratch, 'theirs');
    fs.mkdirSync(theirs);
    fs.chownSync(theirs, 12345, 12345);
    fs.symlinkSync(theirs, path.join(scratch, 'link'));
    expect(failure(() => ensurePrivateDirectory(theirs)).code).toBe('home-not-yours');
    expect(failure(() => ensurePrivateDirectory(path.join(scratch, 'link'))).code).toBe('home-not-yours');
  });

  test('Windows rights: nothing inherited, three grants', () => {
    expect(privateAclArguments('C:\\P', 'ann')).toEqual([
      'C:\\P',
      '/inheritance:r',
      '/grant:r',
      '*S-1-5-18:(OI)(CI)F',
      '*S-1-5-32-544:(OI)(CI)F',
      'ann:(OI)(CI)F',
    ]);
  });

  test('prepareHome also makes the directory of a short socket path', () => {
    const files = homeFiles(path.join(scratch, 'h'.repeat(110)));
    prepareHome(files);
    expect(fs.statSync(path.dirname(files.socketPath)).mode & 0o777).toBe(0o700);
    fs.rmdirSync(path.dirname(files.socketPath));
  });
});

describe('a private file', () => {
  test('is written 0600, replaced whole, and leaves nothing behind', () => {
    const file = path.join(scratch, 'token');
    writePrivateFile(file, 'one');
    writePrivateFile(file, 'two');
    expect(readPrivateFile(file)).toBe('two');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(scratch)).toEqual(['token']);
  });

  test('is not read through a symlink, nor if others may read it', () => {
    const file = path.join(scratch, 'token');
    writePrivateFile(file, 'x');
    fs.symlinkSync(file, path.join(scratch, 'link'));
    expect(failure(() => readPrivateFile(path.join(scratch, 'link'))).code).toBe('file-not-private');
    fs.chmodSync(file, 0o644);
    expect(failure(() => readPrivateFile(file)).code).toBe('file-not-private');
    expect(readPrivateFile(path.join(scratch, 'absent'))).toBeUndefined();
  });
});

describe('one agent per home', () => {
  const lockFile = (): string => path.join(scratch, 'agent.lock');

  test('the second is told who has it; after release it is free', () => {
    const lock = acquireInstanceLock(lockFile());
    const error = failure(() => acquireInstanceLock(lockFile()));
    expect(error.code).toBe('already-running');
    expect(error.message).toContain(String(process.pid));
    expect(instanceLockHolder(lockFile())).toBe(process.pid);
    lock.release();
    expect(fs.readdirSync(scratch)).toEqual([]);
    acquireInstanceLock(lockFile()).release();
  });

  test('a crashed holder does not keep others out', () => {
    const pid = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    fs.writeFileSync(lockFile(), JSON.stringify({ pid, started: 'x', nonce: 'n' }));
    acquireInstanceLock(lockFile()).release();
  });

  test.runIf(process.platform === 'linux')('nor does a process that got its id later', () => {
    fs.writeFileSync(lockFile(), JSON.stringify({ pid: process.pid, started: 'another boot', nonce: 'n' }));
    expect(instanceLockHolder(lockFile())).toBeUndefined();
    acquireInstanceLock(lockFile()).release();
  });

  test.each(['', '{', 'null', '{"pid":-1}', '{"pid":"1"}'])('a damaged lock %j is replaced', (text) => {
    fs.writeFileSync(lockFile(), text);
    acquireInstanceLock(lockFile()).release();
  });

  test('of six starting over a stale lock, exactly one wins', async () => {
    fs.writeFileSync(lockFile(), JSON.stringify({ pid: 999_999_999, started: 'x', nonce: 'n' }));
    const module = path.resolve('agent/src/platform/instance-lock.ts');
    const code = `const { acquireInstanceLock } = await import(${JSON.stringify(module)});
      process.stdin.once('data', () => {
        try { acquireInstanceLock(process.argv[1]); console.log('won'); } catch (e) { console.log(e.code); }
        process.stdin.once('data', () => process.exit());
      });
      console.log('ready');`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', code, lockFile()], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const line = (child: (typeof children)[number]): Promise<string> =>
      new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data).trim())));
    await Promise.all(children.map(line));
    const verdicts = Promise.all(children.map(line));
    for (const child of children) child.stdin.write('go\n');
    const sorted = (await verdicts).sort();
    for (const child of children) child.stdin.end('end\n');
    expect(sorted).toEqual([...Array(5).fill('already-running'), 'won']);
  });
});
