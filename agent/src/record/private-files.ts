/** Directories and files that only their owner may read: 0700 and 0600, never through a link. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { RecordError } from './errors.ts';

/** Windows has neither modes nor O_NOFOLLOW; there the user profile's ACL does this work. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const ownUserId = process.getuid?.();

/** Makes the directory if needed and takes everybody else's rights away. Throws RecordError `unsafe-path`. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory()) throw new RecordError('unsafe-path', `${directory} is not a directory`);
  refuseForeign(directory, found.uid);
  if (ownUserId !== undefined && (found.mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/**
 * Makes an empty private file, or takes others' rights away from an existing one.
 * A symbolic link, a hard link or another user's file is refused: someone prepared it for us.
 */
export function makePrivateFile(file: string): { readonly created: boolean; readonly bytes: number } {
  const created = !exists(file);
  const flags = constants.O_RDWR | NO_FOLLOW | (created ? constants.O_CREAT | constants.O_EXCL : 0);
  const descriptor = openOrExplain(file, flags);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new RecordError('unsafe-path', `${file} is not a regular file`);
    if (found.nlink > 1) throw new RecordError('unsafe-path', `${file} has a second name (hard link)`);
    refuseForeign(file, found.uid);
    if (ownUserId !== undefined) fchmodSync(descriptor, 0o600);
    return { created, bytes: found.size };
  } finally {
    closeSync(descriptor);
  }
}

function openOrExplain(file: string, flags: number): number {
  try {
    return openSync(file, flags, 0o600);
  } catch (cause) {
    throw new RecordError('unsafe-path', `${file} can't be opened safely (is it a link?): ${String(cause)}`, {
      cause,
    });
  }
}

function refuseForeign(path: string, owner: number): void {
  if (ownUserId !== undefined && owner !== ownUserId) {
    throw new RecordError('unsafe-path', `${path} belongs to another user (id ${owner})`);
  }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
