/** From bytes to whole messages, for one direction; no socket, no timer, and nothing a peer sends makes it throw. */
import { isUtf8 } from 'node:buffer';
import { ByteQueue } from './byte-queue.ts';
import {
  type FrameHeader,
  MAX_HEADER_BYTES,
  mask,
  OPCODE,
  readFrameHeader,
  type Violation,
  violation,
} from './frame-header.ts';
import { Inflater } from './permessage-deflate.ts';

export type ReaderEvent = DataMessage | ControlFrame | Violation;

export interface DataMessage {
  readonly type: 'message';
  readonly opcode: typeof OPCODE.text | typeof OPCODE.binary;
  readonly compressed: boolean;
  /** Inflated. */
  readonly payload: Buffer;
  /** The frames as they came, without the control frames between them. */
  readonly original: readonly Buffer[];
}

export interface ControlFrame {
  readonly type: 'control';
  readonly opcode: typeof OPCODE.close | typeof OPCODE.ping | typeof OPCODE.pong;
  readonly original: readonly Buffer[];
}

export interface MessageReaderOptions {
  readonly from: 'client' | 'server';
  /** undefined: no compression was agreed. */
  readonly keepsContext: boolean | undefined;
  /** Of a whole message, compressed and inflated. */
  readonly maxMessageBytes: number;
}

/** Empty fragments cost memory too. */
const MAX_FRAGMENTS = 32_768;

interface UnfinishedMessage {
  readonly opcode: DataMessage['opcode'];
  readonly compressed: boolean;
  readonly payload: Buffer[];
  payloadBytes: number;
  readonly original: Buffer[];
}

export class MessageReader {
  readonly #queue = new ByteQueue();
  readonly #rules: { readonly masked: boolean; readonly mayCompress: boolean };
  readonly #maxMessageBytes: number;
  readonly #inflater: Inflater | undefined;
  #header: FrameHeader | undefined;
  #unfinished: UnfinishedMessage | undefined;
  #violation: Violation | undefined;

  constructor(options: MessageReaderOptions) {
    const { from, keepsContext, maxMessageBytes } = options;
    this.#rules = { masked: from === 'client', mayCompress: keepsContext !== undefined };
    this.#maxMessageBytes = maxMessageBytes;
    this.#inflater =
      keepsContext === undefined ? undefined : new Inflater({ keepsContext, maxBytes: maxMessageBytes });
  }

  add(chunk: Buffer): void {
    this.#queue.add(chunk);
  }

  /** The next whole thing; undefined: more bytes are needed. After a violation, that violation for ever. */
  next(): ReaderEvent | undefined {
    while (this.#violation === undefined) {
      const header = this.#header ?? this.#readHeader();
      if (header === undefined) return undefined;
      if ('type' in header) return this.#fail(header);
      this.#header = header;
      if (this.#queue.length < header.headerBytes + header.payloadBytes) return undefined;
      this.#header = undefined;
      const event = this.#frame(header);
      if (event?.type === 'violation') return this.#fail(event);
      if (event !== undefined) return event;
    }
    return this.#violation;
  }

  #fail(found: Violation): Violation {
    this.#violation = found;
    return found;
  }

  /** Checks sizes as soon as they are announced: what is too big is never collected. */
  #readHeader(): FrameHeader | Violation | undefined {
    const header = readFrameHeader(this.#queue.peek(MAX_HEADER_BYTES), this.#rules);
    if (header === undefined || 'type' in header || header.opcode >= OPCODE.close) return header;
    const isContinuation = header.opcode === OPCODE.continuation;
    if (isContinuation !== (this.#unfinished !== undefined)) {
      return violation(1002, isContinuation ? 'nothing to continue' : 'message begun inside another');
    }
    const total = (this.#unfinished?.payloadBytes ?? 0) + header.payloadBytes;
    if (total > this.#maxMessageBytes) return violation(1009, 'message too big');
    const fragments = this.#unfinished?.payload.length ?? 0;
    return fragments >= MAX_FRAGMENTS ? violation(1009, 'message in too many fragments') : header;
  }

  #frame(header: FrameHeader): ReaderEvent | undefined {
    const original = this.#queue.take(header.headerBytes + header.payloadBytes);
    const payload = payloadOf(header, original);
    const { opcode } = header;
    if (opcode === OPCODE.ping || opcode === OPCODE.pong) return { type: 'control', opcode, original };
    if (opcode === OPCODE.close) return closeFault(payload) ?? { type: 'control', opcode, original };
    const message = this.#unfinished ?? begin(header);
    message.payload.push(payload);
    message.payloadBytes += payload.length;
    for (const piece of original) message.original.push(piece);
    this.#unfinished = header.final ? undefined : message;
    return header.final ? this.#finish(message) : undefined;
  }

  #finish(message: UnfinishedMessage): DataMessage | Violation {
    const { opcode, compressed, original } = message;
    const payload = this.#content(message);
    if ('type' in payload) return payload;
    if (opcode === OPCODE.text && !isUtf8(payload)) return violation(1007, 'text is not UTF-8');
    return { type: 'message', opcode, compressed, payload, original };
  }

  #content(message: UnfinishedMessage): Buffer | Violation {
    if (message.compressed && this.#inflater !== undefined) return this.#inflater.inflate(message.payload);
    const [only] = message.payload;
    return message.payload.length === 1 && only !== undefined ? only : Buffer.concat(message.payload);
  }
}

const begin = (header: FrameHeader): UnfinishedMessage => ({
  opcode: header.opcode === OPCODE.text ? OPCODE.text : OPCODE.binary,
  compressed: header.compressed,
  payload: [],
  payloadBytes: 0,
  original: [],
});

/** Unmasked, in a copy where it was masked: the original goes on as it is. */
function payloadOf(header: FrameHeader, original: readonly Buffer[]): Buffer {
  const [only] = original;
  const isWhole = original.length === 1 && only !== undefined;
  if (header.maskKey === undefined) {
    return (isWhole ? only : Buffer.concat(original)).subarray(header.headerBytes);
  }
  const payload = (isWhole ? Buffer.from(only) : Buffer.concat(original)).subarray(header.headerBytes);
  mask(payload, header.maskKey);
  return payload;
}

/** RFC 6455 sections 5.5.1 and 7.4; 1012 to 1014 from the IANA registry. */
function closeFault(payload: Buffer): Violation | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return violation(1002, 'close frame of one octet');
  const code = payload.readUInt16BE(0);
  const known =
    (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
  if (!known) return violation(1002, 'close code out of range');
  return isUtf8(payload.subarray(2)) ? undefined : violation(1007, 'close reason is not UTF-8');
}
