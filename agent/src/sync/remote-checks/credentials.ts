import fs from 'node:fs';
import path from 'node:path';
import { RemoteCheckError } from './remote-check-error.ts';

const MAX_BYTES = 16_384;
const NO_FOLLOW = fs.constants.O_NOFOLLOW ?? 0;

/**
 * The content of a credential file: read anew for every use of the service, so that a rotated one counts at once. It
 * must be a regular file that only the agent's user (or root, who placed it) owns and nobody else can read; on Windows
 * the folder's ACL does this work.
 */
export function readCredential(name: string, directory: string): string {
  const file = path.isAbsolute(name) ? name : path.join(directory, name);
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | NO_FOLLOW);
  } catch (cause) {
    throw new RemoteCheckError('credentials', { cause });
  }
  try {
    const found = fs.fstatSync(descriptor);
    const problem = problemOf(found);
    if (problem !== undefined)
      throw new RemoteCheckError('credentials', { cause: new Error(`${file} ${problem}`) });
    return fs.readFileSync(descriptor, 'utf8').trim();
  } finally {
    fs.closeSync(descriptor);
  }
}

function problemOf(found: fs.Stats): string | undefined {
  if (!found.isFile()) return 'is not a regular file';
  if (found.size === 0 || found.size > MAX_BYTES) return 'is empty or too large';
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  if (found.uid !== own && found.uid !== 0) return 'belongs to another user';
  return (found.mode & 0o077) === 0 ? undefined : 'can be read by others: chmod 600';
}
