import { unpackTar } from 'modern-tar';
import { OpenError } from '../limits.ts';
import type { ArchiveEntry } from './zip.ts';

/** The files of a tar archive. They are copies of what has been unpacked already, so that they cost no budget. */
export async function* readTar(bytes: Uint8Array): AsyncGenerator<ArchiveEntry> {
  let entries: Awaited<ReturnType<typeof unpackTar>>;
  try {
    entries = await unpackTar(bytes, { strict: true });
  } catch (cause) {
    throw new OpenError('unreadable-attachment', 'is a damaged tar archive', { cause });
  }
  for (const { header, data } of entries) {
    if (data === undefined || data.length === 0) continue;
    yield { name: header.name, read: () => Promise.resolve(data) };
  }
}
