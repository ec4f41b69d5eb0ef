/** Reads the server name out of a ClientHello's first bytes (RFC 8446 section 4.1.2, RFC 6066 section 3). Pure. */

export type ClientHello =
  /** Not enough bytes yet. */
  | { readonly type: 'incomplete' }
  /** Not a TLS ClientHello: whatever it is, it is none of our business. */
  | { readonly type: 'other' }
  | { readonly type: 'hello'; readonly serverName: string | undefined };

const INCOMPLETE: ClientHello = { type: 'incomplete' };
const OTHER: ClientHello = { type: 'other' };
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
/** RFC 8446 section 5.1: a plaintext record's fragment is 2^14 bytes at most. */
const MAX_FRAGMENT_BYTES = 16_384;

export function readClientHello(bytes: Uint8Array): ClientHello {
  const message = joinFragments(bytes);
  if (message === undefined) return OTHER;
  if (message.length < 4) return INCOMPLETE;
  if (message[0] !== CLIENT_HELLO) return OTHER;
  const length = ((message[1] ?? 0) << 16) | uint16(message, 2);
  if (message.length < 4 + length) return INCOMPLETE;
  return readHello(message.subarray(4, 4 + length));
}

/** The handshake message may be spread over records of any size. Undefined if a record is not a handshake's. */
function joinFragments(bytes: Uint8Array): Uint8Array | undefined {
  const fragments: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== HANDSHAKE_RECORD) return undefined;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + 5 > bytes.length) break;
    const length = uint16(bytes, at + 3);
    if (length === 0 || length > MAX_FRAGMENT_BYTES) return undefined;
    fragments.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return fragments.length === 1 ? fragments[0] : Buffer.concat(fragments);
}

function readHello(hello: Uint8Array): ClientHello {
  let at = 2 + 32; // legacy_version, random
  at += 1 + (hello[at] ?? 0); // legacy_session_id
  at += 2 + uint16(hello, at); // cipher_suites
  at += 1 + (hello[at] ?? 0); // legacy_compression_methods
  if (at > hello.length) return OTHER;
  const end = Math.min(hello.length, at + 2 + uint16(hello, at));
  at += 2;
  while (at + 4 <= end) {
    const type = uint16(hello, at);
    const length = uint16(hello, at + 2);
    if (type === SERVER_NAME_EXTENSION) return readServerName(hello.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { type: 'hello', serverName: undefined };
}

/** ServerNameList: length, then entries of type (0: host_name), length, name. */
function readServerName(list: Uint8Array): ClientHello {
  const length = uint16(list, 3);
  if (list.length < 5 || list[2] !== 0 || length === 0 || list.length < 5 + length) return OTHER;
  return { type: 'hello', serverName: Buffer.from(list.subarray(5, 5 + length)).toString('latin1') };
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
