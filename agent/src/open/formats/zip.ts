import type { Readable } from 'node:stream';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { type Budget, OpenError } from '../limits.ts';

export interface ArchiveEntry {
  readonly name: string;
  /** Unpacks it, within the budget. */
  read(): Promise<Uint8Array>;
}

/**
 * The files of a zip archive, by its central directory (APPNOTE.TXT section 4.3.12), one at a time. yauzl checks that
 * no entry unpacks to another size than it says; the budget is charged while it unpacks, whatever it says.
 */
export async function* readZip(bytes: Uint8Array, budget: Budget): AsyncGenerator<ArchiveEntry> {
  const zip = await open(bytes);
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    yield { name: entry.fileName, read: () => readEntry(zip, entry, budget) };
  }
}

async function open(bytes: Uint8Array): Promise<ZipFile> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return await fromBufferPromise(buffer, { lazyEntries: true });
  } catch (cause) {
    throw new OpenError('unreadable-attachment', 'is a damaged zip archive', { cause });
  }
}

async function readEntry(zip: ZipFile, entry: Entry, budget: Budget): Promise<Uint8Array> {
  if (entry.isEncrypted()) throw new OpenError('encrypted-archive', 'is encrypted');
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream: Readable = await zip.openReadStreamPromise(entry);
  // Leaving the loop by an exception destroys the stream.
  for await (const chunk of stream) {
    const piece = chunk as Uint8Array;
    size += piece.length;
    budget.inflate(piece.length, size, entry.compressedSize);
    chunks.push(piece);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/** APPNOTE.TXT section 4.3.16: the end record, with a comment at most 65,557 bytes from the end. */
const END_RECORD = Buffer.from([0x50, 0x4b, 5, 6]);
const END_RECORD_BYTES = 22;
const END_WINDOW_BYTES = 65_557;

/** The archive that is appended to another file, its offsets counted from its own start as unpackers do. */
export function appendedZip(bytes: Uint8Array): Uint8Array | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.lastIndexOf(END_RECORD);
  if (end < buffer.length - END_WINDOW_BYTES || end < 0 || end + END_RECORD_BYTES > buffer.length)
    return undefined;
  const directory = end - buffer.readUInt32LE(end + 12);
  const start = directory - buffer.readUInt32LE(end + 16);
  // Four bytes by chance don't point at an entry of a directory ("PK\1\2").
  if (start < 0 || directory < 0 || directory + 4 > end || buffer.readUInt32LE(directory) !== 0x02014b50)
    return undefined;
  return bytes.subarray(start);
}
