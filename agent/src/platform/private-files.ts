/** Directories and files that only their owner may read: the home, the token, the lock. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { currentUserId } from './platform.ts';
import { errorCode, PlatformError } from './platform-error.ts';
import { privateAclArguments } from './win32/acl.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Makes `directory` (and its parents) if needed, and makes sure that it is a real directory, ours, 0700 and
 * writable. A directory of ours that is too open is closed; one of somebody else's is refused.
 */
export function ensurePrivateDirectory(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (error) {
    throw mkdirError(directory, error);
  }
  // lstat: a symlink that somebody planted in a shared folder must not lead us elsewhere.
  const stat = fs.lstatSync(directory);
  if (stat.isSymbolicLink()) checkOwner(directory, stat.uid);
  const target = fs.statSync(directory);
  if (!target.isDirectory()) throw notADirectory(directory);
  if (process.platform === 'win32') closeOnWindows(directory);
  else {
    checkOwner(directory, target.uid);
    if ((target.mode & 0o077) !== 0) fs.chmodSync(directory, DIRECTORY_MODE);
  }
  checkWritable(directory);
}

/** Not mkdir's `recursive`: it never returns where the file system answers ENOENT below an existing folder (/proc). */
function makeWithParents(directory: string): void {
  if (fs.existsSync(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeWithParents(parent);
  try {
    fs.mkdirSync(directory, DIRECTORY_MODE);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error; // another process made it meanwhile
  }
}

function checkOwner(directory: string, ownerId: number): void {
  if (process.platform === 'win32' || ownerId === currentUserId()) return;
  throw new PlatformError(
    'home-not-yours',
    `${directory} belongs to another user (id ${ownerId}, you are ${currentUserId()}).`,
    'Choose a directory of your own with --home or POSTERN_HOME.',
  );
}

function checkWritable(directory: string): void {
  const probe = path.join(directory, `.write-check-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    // Some content: an empty file needs no room, and says nothing about a full disk.
    fs.writeFileSync(probe, 'postern', { flag: 'wx', mode: FILE_MODE });
  } catch (error) {
    throw notWritable(directory, error);
  } finally {
    fs.rmSync(probe, { force: true });
  }
}

function mkdirError(directory: string, error: unknown): PlatformError {
  const code = errorCode(error);
  return code === 'EEXIST' || code === 'ENOTDIR' ? notADirectory(directory) : notWritable(directory, error);
}

const notADirectory = (directory: string): PlatformError =>
  new PlatformError(
    'home-not-a-directory',
    `${directory} can't be the agent's home: it, or a part of its path, is a file.`,
    'Choose another directory with --home or POSTERN_HOME.',
  );

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'the file system takes no new folders there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your disk quota is used up',
};

export function notWritable(directory: string, cause: unknown): PlatformError {
  const code = errorCode(cause) ?? 'unknown error';
  return new PlatformError(
    'home-not-writable',
    `The agent's home ${directory} is not writable: ${REASONS[code] ?? code}.`,
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'Free some disk space, or choose another directory with --home.'
      : `Choose another directory with --home, or give yourself the right to write to ${directory}.`,
    { cause },
  );
}

/** %ProgramData% is readable by every user of the machine: the inherited rights must go. */
function closeOnWindows(directory: string): void {
  const profile = os.homedir().toLowerCase();
  if (directory.toLowerCase().startsWith(`${profile}\\`)) return; // a profile is already private
  try {
    execFileSync('icacls', privateAclArguments(directory, os.userInfo().username), { stdio: 'ignore' });
  } catch (error) {
    throw new PlatformError(
      'home-not-yours',
      `The rights of ${directory} could not be restricted to you.`,
      'Choose a directory inside your profile with --home.',
      { cause: error },
    );
  }
}

/** Replaces `file` atomically; 0600 from its first moment. */
export function writePrivateFile(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const flags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | noFollow();
  try {
    const descriptor = fs.openSync(temporary, flags, FILE_MODE);
    try {
      fs.writeFileSync(descriptor, content);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw notWritable(path.dirname(file), error);
  }
}

/** Reads a file that must be ours, no symlink and closed to others; undefined if there is none. */
export function readPrivateFile(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | noFollow());
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new PlatformError('file-not-private', `${file} can't be read (${errorCode(error)}).`, undefined, {
      cause: error,
    });
  }
  try {
    const stat = fs.fstatSync(descriptor);
    if (process.platform !== 'win32' && (stat.uid !== currentUserId() || (stat.mode & 0o077) !== 0)) {
      throw new PlatformError(
        'file-not-private',
        `${file} is not private to you (owner ${stat.uid}, mode ${(stat.mode & 0o777).toString(8)}).`,
        `Delete it and restart the agent, which makes a new one.`,
      );
    }
    return fs.readFileSync(descriptor, 'utf8');
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Windows has no O_NOFOLLOW; making a symlink there needs a privilege. */
const noFollow = (): number => (process.platform === 'win32' ? 0 : fs.constants.O_NOFOLLOW);
