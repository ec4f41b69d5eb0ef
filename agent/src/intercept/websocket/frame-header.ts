/** The first octets of a frame (RFC 6455 section 5.2), and what they must not say. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameHeader {
  readonly final: boolean;
  /** RSV1: the message is compressed (RFC 7692 section 6). */
  readonly compressed: boolean;
  readonly opcode: number;
  readonly maskKey: Uint8Array | undefined;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** What a peer did wrong, and the close code it gets (RFC 6455 section 7.4.1). */
export interface Violation {
  readonly type: 'violation';
  readonly code: 1002 | 1007 | 1009;
  readonly reason: string;
}

export const violation = (code: Violation['code'], reason: string): Violation => ({
  type: 'violation',
  code,
  reason,
});

export const MAX_HEADER_BYTES = 14;
const MAX_CONTROL_BYTES = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

export interface HeaderRules {
  /** Clients mask, servers don't (section 5.1). */
  readonly masked: boolean;
  /** True if permessage-deflate was agreed. */
  readonly mayCompress: boolean;
}

/** `bytes` begins with a frame; undefined: more bytes are needed. */
export function readFrameHeader(bytes: Buffer, rules: HeaderRules): FrameHeader | Violation | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const opcode = first & 0x0f;
  const final = (first & 0x80) !== 0;
  const compressed = (first & 0x40) !== 0;
  const wrong = faultOf(opcode, final, first, second, rules);
  if (wrong !== undefined) return violation(1002, wrong);
  const length = readLength(bytes, second & 0x7f);
  if (length === undefined) return undefined;
  if (typeof length === 'string') return violation(1002, length);
  const headerBytes = length.end + (rules.masked ? 4 : 0);
  if (bytes.length < headerBytes) return undefined;
  const maskKey = rules.masked ? bytes.subarray(length.end, headerBytes) : undefined;
  return { final, compressed, opcode, maskKey, headerBytes, payloadBytes: length.payloadBytes };
}

function faultOf(
  opcode: number,
  final: boolean,
  first: number,
  second: number,
  rules: HeaderRules,
): string | undefined {
  const isControl = opcode >= OPCODE.close;
  if (opcode > OPCODE.pong || (opcode > OPCODE.binary && !isControl)) return 'unknown opcode';
  if ((first & 0x30) !== 0) return 'reserved bits are set';
  // Section 6 of RFC 7692: only on the first frame of a data message.
  const mayCompress = rules.mayCompress && !isControl && opcode !== OPCODE.continuation;
  if ((first & 0x40) !== 0 && !mayCompress) return 'reserved bit 1 is set';
  if (((second & 0x80) !== 0) !== rules.masked) return rules.masked ? 'frame not masked' : 'frame masked';
  if (isControl && !final) return 'control frame fragmented';
  if (isControl && (second & 0x7f) > MAX_CONTROL_BYTES) return 'control frame too long';
  return undefined;
}

/** The shortest form is the only valid one (section 5.2). */
function readLength(
  bytes: Buffer,
  short: number,
): { readonly payloadBytes: number; readonly end: number } | string | undefined {
  if (short < LENGTH_16) return { payloadBytes: short, end: 2 };
  if (short === LENGTH_16) {
    if (bytes.length < 4) return undefined;
    const payloadBytes = bytes.readUInt16BE(2);
    return payloadBytes < LENGTH_16 ? 'length not in its shortest form' : { payloadBytes, end: 4 };
  }
  if (bytes.length < 10) return undefined;
  const high = bytes.readUInt32BE(2);
  if (high >= 0x8000_0000) return 'length out of range';
  const payloadBytes = high * 0x1_0000_0000 + bytes.readUInt32BE(6);
  return payloadBytes < 0x1_0000 ? 'length not in its shortest form' : { payloadBytes, end: 10 };
}

/** One whole frame. `maskKey` (4 random octets) if it goes to a server; the payload given is left as it is. */
export function writeFrame(opcode: number, payload: Uint8Array, maskKey: Uint8Array | undefined): Buffer {
  const long = payload.length < LENGTH_16 ? 0 : payload.length < 0x1_0000 ? 2 : 8;
  const headerBytes = 2 + long + (maskKey === undefined ? 0 : 4);
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  const maskBit = maskKey === undefined ? 0 : 0x80;
  frame[0] = 0x80 | opcode;
  frame[1] = maskBit | (long === 0 ? payload.length : long === 2 ? LENGTH_16 : LENGTH_64);
  if (long === 2) frame.writeUInt16BE(payload.length, 2);
  if (long === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  frame.set(payload, headerBytes);
  if (maskKey !== undefined) {
    frame.set(maskKey, headerBytes - 4);
    mask(frame.subarray(headerBytes), maskKey);
  }
  return frame;
}

const MAX_REASON_BYTES = MAX_CONTROL_BYTES - 2;

/** Of a Close frame (section 5.5.1); a long reason is cut between two characters. */
export function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason)
    .subarray(0, MAX_REASON_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  const payload = Buffer.alloc(2 + Buffer.byteLength(text));
  payload.writeUInt16BE(code, 0);
  payload.write(text, 2);
  return payload;
}

/** In place; masking and unmasking are the same (section 5.3). */
export function mask(bytes: Uint8Array, key: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = key;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    // Indexes below the length: these reads are never undefined.
    bytes[i] = (bytes[i] as number) ^ a;
    bytes[i + 1] = (bytes[i + 1] as number) ^ b;
    bytes[i + 2] = (bytes[i + 2] as number) ^ c;
    bytes[i + 3] = (bytes[i + 3] as number) ^ d;
  }
  for (let i = whole; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ (key[i & 3] as number);
}
