/** Content codings (RFC 9110 section 8.4): whole bodies with a cap on the decoded size, and streams chunk by chunk. */
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const NAMES = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);
/** Nobody stacks more; a bomb might. */
const MAX_CODINGS = 4;

/** The codings of a `content-encoding` value in the order they were applied; undefined if one is unknown. */
export function parseCodings(value: string | undefined): readonly Coding[] | undefined {
  if (value === undefined) return [];
  const codings: Coding[] = [];
  for (const token of value.split(',')) {
    const name = token.trim().toLowerCase();
    if (name === '' || name === 'identity') continue;
    const coding = NAMES.get(name);
    if (coding === undefined) return undefined;
    codings.push(coding);
  }
  return codings.length <= MAX_CODINGS ? codings : undefined;
}

export type DecodedBody = { readonly bytes: Uint8Array } | { readonly failed: 'too-large' | 'undecodable' };

const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);
const inflateRaw = promisify(zlib.inflateRaw);
const brotliDecompress = promisify(zlib.brotliDecompress);
const zstdDecompress = promisify(zlib.zstdDecompress) as (
  bytes: Uint8Array,
  options: zlib.ZstdOptions,
) => Promise<Buffer>;

/** Decodes off the event loop; never yields more than `maxBytes` in any layer. */
export async function decodeBody(
  bytes: Uint8Array,
  codings: readonly Coding[],
  maxBytes: number,
): Promise<DecodedBody> {
  let decoded = bytes;
  for (const coding of codings.toReversed()) {
    try {
      decoded = await decodeOne(decoded, coding, Math.max(1, maxBytes));
    } catch (error) {
      const tooLarge =
        error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return { failed: tooLarge ? 'too-large' : 'undecodable' };
    }
  }
  return decoded.byteLength > maxBytes ? { failed: 'too-large' } : { bytes: decoded };
}

function decodeOne(bytes: Uint8Array, coding: Coding, maxOutputLength: number): Promise<Buffer> {
  switch (coding) {
    case 'gzip':
      return gunzip(bytes, { maxOutputLength });
    case 'br':
      return brotliDecompress(bytes, { maxOutputLength });
    case 'zstd':
      return zstdDecompress(bytes, { maxOutputLength });
    case 'deflate':
      return hasZlibHeader(bytes)
        ? inflate(bytes, { maxOutputLength })
        : inflateRaw(bytes, { maxOutputLength });
  }
}

/** `deflate` means zlib (RFC 9110 section 8.4.1.2), but some peers send it without the wrapper. */
const hasZlibHeader = (bytes: Uint8Array): boolean => ((bytes[0] ?? 0) & 0x0f) === 8;

export interface DecoderEvents {
  decoded(chunk: Uint8Array): void;
  end(): void;
  failed(error: Error): void;
  drain(): void;
}

/** A chain of decoders that hands on every byte as soon as it can be decoded. */
export class StreamDecoder {
  readonly #codings: readonly Coding[];
  readonly #events: DecoderEvents;
  #first: Transform | undefined;
  #last: Transform | undefined;
  #over = false;

  constructor(codings: readonly Coding[], events: DecoderEvents) {
    this.#codings = codings;
    this.#events = events;
  }

  /** False: wait for `drain`. */
  write(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    this.#first ??= this.#build(chunk);
    return this.#first.write(chunk);
  }

  end(): void {
    if (this.#over) return;
    if (this.#first === undefined) {
      this.#over = true;
      this.#events.end();
    } else this.#first.end();
  }

  pause(): void {
    this.#last?.pause();
  }

  resume(): void {
    this.#last?.resume();
  }

  destroy(): void {
    this.#over = true;
    this.#first?.destroy();
    this.#last?.destroy();
  }

  #build(sample: Uint8Array): Transform {
    const chain = this.#codings
      .toReversed()
      .map((coding, i) => makeDecoder(coding, i === 0 ? sample : undefined));
    const fail = (error: Error): void => {
      if (this.#over) return;
      for (const stream of chain) stream.destroy();
      this.#over = true;
      this.#events.failed(error);
    };
    for (const [i, stream] of chain.entries()) {
      stream.on('error', fail);
      const next = chain[i + 1];
      if (next !== undefined) stream.pipe(next);
    }
    const first = chain[0] as Transform;
    const last = chain.at(-1) as Transform;
    first.on('drain', () => this.#over || this.#events.drain());
    last.on('data', (chunk: Uint8Array) => this.#over || this.#events.decoded(chunk));
    last.on('end', () => {
      if (this.#over) return;
      this.#over = true;
      this.#events.end();
    });
    this.#last = last;
    return first;
  }
}

function makeDecoder(coding: Coding, sample: Uint8Array | undefined): Transform {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH });
    case 'br':
      return zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return zlib.createZstdDecompress();
    case 'deflate':
      return sample === undefined || hasZlibHeader(sample)
        ? zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH })
        : zlib.createInflateRaw({ flush: zlib.constants.Z_SYNC_FLUSH });
  }
}
