/** Whole lines at the end of a file that others move, empty or remove as they like: all of them, or none. */
import { constants } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** No link is followed, and a pipe without a reader is refused instead of waited for. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Read as well: through the same handle, so that it is the same file whatever its name means by then. */
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | CAREFULLY;
const LINE_END = 10;

/** They are on the disk once it resolves. */
export async function appendLines(file: string, lines: readonly string[]): Promise<void> {
  const handle = await fs.open(file, APPEND, 0o600);
  try {
    const { size, isFile } = await sizeOf(handle);
    if (!isFile) throw new Error('it is not a regular file');
    // What an interrupted write left behind must not run into the first line.
    const torn = size > 0 && !(await endsWithLineEnd(handle, size));
    const text = lines.map((line) => `${line}\n`).join('');
    try {
      await handle.appendFile(torn ? `\n${text}` : text);
      await handle.datasync();
    } catch (error) {
      await takeBack(handle, size);
      throw error;
    }
    if (size === 0) await keepName(file);
  } finally {
    await handle.close();
  }
}

async function sizeOf(handle: FileHandle): Promise<{ size: number; isFile: boolean }> {
  const found = await handle.stat();
  return { size: found.size, isFile: found.isFile() };
}

async function endsWithLineEnd(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  // Emptied since: nothing is left that could run into anything.
  return bytesRead === 0 || buffer[0] === LINE_END;
}

/** A full disk takes a part. It comes whole later, so that part would be a torn line and a second copy of others. */
async function takeBack(handle: FileHandle, size: number): Promise<void> {
  try {
    if ((await handle.stat()).size > size) await handle.truncate(size);
  } catch {
    // The first error tells what is wrong with the disk; the next attempt ends the torn line.
  }
}

/** A file that was just made could lose its name with the power, and its lines with that. */
async function keepName(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await fs.open(path.dirname(file), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
