/** Lines into a file that a log shipper on this machine follows: 0600, rotated by size, on the disk before it counts. */

import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { OutboxRecord } from '../../../core/outbox.ts';
import type { DeliveryResult, Destination } from '../destination.ts';

export interface FileSinkOptions {
  readonly file: string;
  readonly format: Destination['format'];
  /** The file becomes FILE.1 when it is larger than this, FILE.1 becomes FILE.2, and so on. */
  readonly maxBytes: number;
  /** How many old ones stay. */
  readonly keep: number;
  readonly line: (record: OutboxRecord) => string;
}

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW;

export function createFileSink(options: FileSinkOptions): Destination {
  const { file, format, line } = options;
  return {
    name: `file:${file}`,
    format,
    async deliver(records): Promise<DeliveryResult> {
      try {
        await rotate(options);
        await append(file, records.map((record) => `${line(record)}\n`).join(''));
        return { type: 'delivered', rejected: 0 };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const mend = `Check that the folder of ${file} exists, is writable and has room.`;
        return {
          type: 'later',
          problem: { code: 'file-unwritable', text: `${file} can't be written: ${why}`, mend },
        };
      }
    },
  };
}

async function append(file: string, text: string): Promise<void> {
  const handle = await fs.open(file, APPEND, 0o600);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is not a regular file');
    // What an interrupted write left behind must not run into the first line.
    const torn = found.size > 0 && !(await endsWithLineEnd(file, found.size));
    await handle.appendFile(torn ? `\n${text}` : text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function endsWithLineEnd(file: string, size: number): Promise<boolean> {
  const handle = await fs.open(file, constants.O_RDONLY | NO_FOLLOW);
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 10;
  } finally {
    await handle.close();
  }
}

async function rotate({ file, maxBytes, keep }: FileSinkOptions): Promise<void> {
  const size = await sizeOf(file);
  if (size === undefined || size < maxBytes) return;
  const numbered = (number: number): string =>
    path.join(path.dirname(file), `${path.basename(file)}.${number}`);
  await fs.rm(numbered(keep), { force: true });
  for (let number = keep - 1; number >= 1; number--) {
    if ((await sizeOf(numbered(number))) !== undefined)
      await fs.rename(numbered(number), numbered(number + 1));
  }
  if (keep > 0) await fs.rename(file, numbered(1));
  else await fs.rm(file);
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await fs.lstat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
