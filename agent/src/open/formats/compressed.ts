import { Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { type Budget, OpenError } from '../limits.ts';

/** Unpacks one compressed file (gzip with all its members, RFC 1952 section 2.2; zstd), within the budget. */
export async function inflate(
  bytes: Uint8Array,
  format: 'gzip' | 'zstd',
  budget: Budget,
): Promise<Uint8Array> {
  const unpacker: Transform = format === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // In pieces: a bomb must not be unpacked further than the budget goes.
  Readable.from(pieces(bytes)).pipe(unpacker);
  try {
    for await (const chunk of unpacker) {
      const piece = chunk as Uint8Array;
      size += piece.length;
      budget.inflate(piece.length, size, bytes.length);
      chunks.push(piece);
    }
  } catch (cause) {
    if (cause instanceof OpenError) throw cause;
    throw new OpenError('unreadable-attachment', 'is damaged', { cause });
  }
  return Buffer.concat(chunks);
}

const PIECE_BYTES = 64 * 1024;

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
