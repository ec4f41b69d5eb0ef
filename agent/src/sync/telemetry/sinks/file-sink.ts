/** Lines into a file that a log shipper on this machine follows: 0600, rotated by size, on the disk before it counts. */

import fs from 'node:fs/promises';
import path from 'node:path';
import type { OutboxRecord } from '../../../core/outbox.ts';
import type { DeliveryResult, Destination } from '../destination.ts';
import { appendLines } from './append-lines.ts';
import { fileName } from './sink-name.ts';

export interface FileSinkOptions {
  readonly file: string;
  readonly format: Destination['format'];
  /** The file becomes FILE.1 when it is larger than this, FILE.1 becomes FILE.2, and so on. */
  readonly maxBytes: number;
  /** How many old ones stay. */
  readonly keep: number;
  readonly line: (record: OutboxRecord) => string;
}

export function createFileSink(options: FileSinkOptions): Destination {
  const { file, format, line } = options;
  return {
    name: fileName(file),
    format,
    async deliver(records): Promise<DeliveryResult> {
      try {
        await rotate(options);
        await appendLines(file, records.map(line));
        return { type: 'delivered', rejected: 0 };
      } catch (error) {
        const mend = `Check that the folder of ${file} exists, is writable and has room.`;
        return {
          type: 'later',
          problem: { code: 'file-unwritable', text: `${file} can't be written: ${reasonOf(error)}.`, mend },
        };
      }
    },
  };
}

/** In the words of whoever has to mend it. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "the account's share of the disk is used up",
  EACCES: 'the agent may not write there',
  EPERM: 'the agent may not write there',
  EROFS: 'the disk is read-only',
  ENOENT: 'its folder is missing',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is not a regular file',
  ENXIO: 'it is not a regular file',
  ELOOP: 'it is a link',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? error.message;
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
