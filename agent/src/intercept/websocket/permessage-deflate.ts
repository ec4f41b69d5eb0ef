/** The one WebSocket extension in use (RFC 7692): what a handshake agreed on, and reading what it compressed. */

import { constants, inflateRawSync } from 'node:zlib';
import type { RawHeaders } from '../../core/connection.ts';
import { type Violation, violation } from './frame-header.ts';

export interface Compression {
  /** Each message is compressed afresh: no context is carried over. */
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
}

export type AgreedExtensions =
  | { readonly type: 'none' }
  | { readonly type: 'deflate'; readonly compression: Compression }
  /** Something that can't be read: messages would be nonsense. */
  | { readonly type: 'unreadable' };

const PARAMETER =
  /^(?:(?:client|server)_no_context_takeover|(?:client|server)_max_window_bits="?(?:[89]|1[0-5])"?)$/;

/** Reads the `sec-websocket-extensions` of a 101. */
export function agreedExtensions(header: string | undefined): AgreedExtensions {
  if (header === undefined || header.trim() === '') return { type: 'none' };
  const [name, ...parameters] = header.split(';').map((part) =>
    part
      .trim()
      .toLowerCase()
      .replace(/\s*=\s*/, '='),
  );
  const readable =
    name === 'permessage-deflate' &&
    new Set(parameters).size === parameters.length &&
    parameters.every((parameter) => PARAMETER.test(parameter));
  if (!readable) return { type: 'unreadable' };
  return {
    type: 'deflate',
    compression: {
      clientNoContextTakeover: parameters.includes('client_no_context_takeover'),
      serverNoContextTakeover: parameters.includes('server_no_context_takeover'),
    },
  };
}

/** Of the extensions that a client offers, those that we can read; undefined if none. */
export function readableOffers(header: string | undefined): string | undefined {
  const offers = (header ?? '').split(',').map((offer) => offer.trim());
  const readable = offers.filter((offer) => /^permessage-deflate\s*(?:;|$)/i.test(offer));
  return readable.length === 0 ? undefined : readable.join(', ');
}

/** A handshake's headers without extensions that we can't read: a server that took one up could not be governed. */
export function withReadableOffers(headers: RawHeaders): RawHeaders {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    const offers = name.toLowerCase() === 'sec-websocket-extensions' ? readableOffers(value) : value;
    if (offers !== undefined) kept.push(name, offers);
  }
  return kept;
}

/** Section 7.2.2: the sender took these octets of its last, empty block away. */
const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);
/** Ours: an empty last block. Only if the message ended between two blocks is this read as one. */
const LAST_BLOCK = Buffer.of(0x01, 0x00, 0x00, 0xff, 0xff);
/** Section 7.2.3.4: a sender that ends with a last block of its own adds an empty one after it. */
const AFTER_OWN_LAST_BLOCK = Buffer.concat([Buffer.of(0x00), TAIL, LAST_BLOCK]);
/** The largest window; a smaller one agreed on only means that no reference reaches that far back. */
const WINDOW_BYTES = 32_768;
const MIN_CHUNK_BYTES = 1024;
const MAX_CHUNK_BYTES = 65_536;

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Inflates the messages of one direction. Synchronous, so that a message can go on in the tick in which it came.
 * The context between messages is the window, kept here and given to each message as its dictionary. A message that
 * doesn't end at the end of a block is refused: the receiver would read the next one differently from us.
 */
export class Inflater {
  readonly #keepsContext: boolean;
  readonly #maxBytes: number;
  #window: Buffer = Buffer.alloc(0);

  constructor(options: { readonly keepsContext: boolean; readonly maxBytes: number }) {
    this.#keepsContext = options.keepsContext;
    this.#maxBytes = options.maxBytes;
  }

  inflate(payload: readonly Uint8Array[]): Buffer | Violation {
    const input = Buffer.concat([...payload, TAIL, LAST_BLOCK]);
    let inflated: Inflated;
    try {
      inflated = this.#run(input);
    } catch (error) {
      const tooLarge =
        error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return tooLarge ? violation(1009, 'message too big') : violation(1007, 'message not decompressible');
    }
    const rest = input.subarray(inflated.engine.bytesWritten);
    if (rest.length > 0 && !rest.equals(AFTER_OWN_LAST_BLOCK)) {
      return violation(1007, 'data after the last block');
    }
    if (this.#keepsContext) this.#slide(inflated.buffer);
    return inflated.buffer;
  }

  #run(input: Buffer): Inflated {
    const chunkSize = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, input.length * 8));
    const options = {
      chunkSize,
      maxOutputLength: this.#maxBytes,
      finishFlush: constants.Z_FINISH,
      info: true,
      ...(this.#window.length > 0 ? { dictionary: this.#window } : {}),
    };
    // `info: true` gives the engine too, which the types don't know.
    return inflateRawSync(input, options) as unknown as Inflated;
  }

  #slide(output: Buffer): void {
    if (output.length >= WINDOW_BYTES) this.#window = Buffer.from(output.subarray(-WINDOW_BYTES));
    else if (output.length > 0) {
      const kept = this.#window.subarray(Math.max(0, this.#window.length + output.length - WINDOW_BYTES));
      this.#window = Buffer.concat([kept, output]);
    }
  }
}
