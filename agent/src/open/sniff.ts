/** What a file is, by its content and never by its name. */
import { fileTypeFromBuffer } from 'file-type';
import type { FileKind } from '../core/attachment.ts';
import { decodeText } from './formats/text.ts';

/** How a file is opened. `none`: it holds no text (pictures, sound). `sealed`: a packing that the agent can't open. `locked`: it needs a password. */
export type Format =
  | 'zip'
  | 'gzip'
  | 'zstd'
  | 'tar'
  | 'pdf'
  | 'rtf'
  | 'email'
  | 'notebook'
  | 'text'
  | 'binary'
  | 'none'
  | 'locked'
  | 'sealed';

export interface Sniffed {
  readonly kind: FileKind;
  readonly mediaType: string;
  readonly format: Format;
  /** Of text formats, already decoded. */
  readonly text?: string;
}

const OFFICE: ReadonlySet<string> = new Set(
  'docx docm dotx dotm xlsx xlsm xltx xltm pptx pptm potx potm ppsx ppsm odt ods odp odg ott ots otp otg vsdx cfb epub rtf'.split(
    ' ',
  ),
);
const EXECUTABLE: ReadonlySet<string> = new Set(
  'exe elf macho wasm class dex apk jar crx xpi lnk deb rpm swf nes ipa'.split(' '),
);
const DATABASE: ReadonlySet<string> = new Set('sqlite parquet arrow avro mdb accdb pst'.split(' '));
/** Archives that are opened; the others are sealed. */
const OPENED: Readonly<Record<string, Format>> = {
  zip: 'zip',
  gz: 'gzip',
  'tar.gz': 'gzip',
  zst: 'zstd',
  tar: 'tar',
};
const ARCHIVE: ReadonlySet<string> = new Set(
  'zip gz zst tar 7z rar bz2 xz lz lz4 Z cab ar arj lzh cpio dmg asar ace alz tar.gz'.split(' '),
);

const PDF_WINDOW_BYTES = 1024;

export async function sniff(bytes: Uint8Array): Promise<Sniffed> {
  const own = ownSignature(bytes);
  if (own !== undefined) return own;
  const type = await fileTypeFromBuffer(bytes);
  if (type !== undefined && !/^(?:text\/|application\/(?:xml|json)$)|\+xml$/.test(type.mime))
    return known(type.ext, type.mime);
  return textual(bytes) ?? { kind: 'other', mediaType: 'application/octet-stream', format: 'binary' };
}

function known(extension: string, mediaType: string): Sniffed {
  if (extension === 'pdf') return { kind: 'pdf', mediaType, format: 'pdf' };
  if (extension === 'rtf') return { kind: 'office', mediaType, format: 'rtf' };
  // Word, Excel and PowerPoint before 2007, Outlook messages, installers: read as the text runs that are in them.
  if (extension === 'cfb') return { kind: 'office', mediaType, format: 'binary' };
  if (OFFICE.has(extension)) return { kind: 'office', mediaType, format: 'zip' };
  if (ARCHIVE.has(extension)) return { kind: 'archive', mediaType, format: OPENED[extension] ?? 'sealed' };
  if (['apk', 'jar', 'xpi', 'ipa'].includes(extension))
    return { kind: 'executable', mediaType, format: 'zip' };
  if (EXECUTABLE.has(extension)) return { kind: 'executable', mediaType, format: 'binary' };
  if (DATABASE.has(extension)) return { kind: 'database', mediaType, format: 'binary' };
  if (extension === 'pgp') return { kind: 'other', mediaType, format: 'sealed' };
  for (const kind of ['image', 'audio', 'video', 'font'] as const)
    if (mediaType.startsWith(`${kind}/`)) return { kind, mediaType, format: 'none' };
  // What else is a zip (3mf, usdz …) is opened as one.
  if (mediaType.endsWith('+zip')) return { kind: 'archive', mediaType, format: 'zip' };
  return { kind: 'other', mediaType, format: 'binary' };
}

const startsWith = (bytes: Uint8Array, ...signature: number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte);

/** Formats that the library doesn't know, or knows more narrowly than the programs that read them. */
function ownSignature(bytes: Uint8Array): Sniffed | undefined {
  if (isKeyStore(bytes)) return { kind: 'key-store', mediaType: 'application/x-key-store', format: 'binary' };
  const head = latin1(bytes, PDF_WINDOW_BYTES);
  // Readers accept up to a kilobyte in front: ISO 32000-1, annex H, implementation note 13.
  if (head.includes('%PDF-')) return { kind: 'pdf', mediaType: 'application/pdf', format: 'pdf' };
  if (/^.{4}Standard (?:Jet|ACE) DB/s.test(head))
    return { kind: 'database', mediaType: 'application/x-msaccess', format: 'binary' };
  // An encrypted Office document is a compound file with this stream (MS-OFFCRYPTO section 2.3.4.4).
  if (startsWith(bytes, 0xd0, 0xcf, 0x11, 0xe0) && includes(bytes, ENCRYPTED_PACKAGE))
    return { kind: 'office', mediaType: 'application/x-cfb', format: 'locked' };
  // Local header, or the end record of an empty archive.
  if (startsWith(bytes, 0x50, 0x4b, 5, 6))
    return { kind: 'archive', mediaType: 'application/zip', format: 'zip' };
  return undefined;
}

const ENCRYPTED_PACKAGE = Buffer.from('EncryptedPackage', 'utf16le');

const includes = (bytes: Uint8Array, signature: Buffer): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(signature);

function isKeyStore(bytes: Uint8Array): boolean {
  // Java's JKS and JCEKS; KeePass 1 and 2; PKCS #12: a SEQUENCE that begins with version 3 (RFC 7292 section 4).
  if (startsWith(bytes, 0xfe, 0xed, 0xfe, 0xed) || startsWith(bytes, 0xce, 0xce, 0xce, 0xce)) return true;
  if (startsWith(bytes, 0x03, 0xd9, 0xa2, 0x9a)) return true;
  if (bytes[0] !== 0x30) return false;
  const length = bytes[1] ?? 0;
  const content = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return startsWith(bytes.subarray(content, content + 4), 0x02, 0x01, 0x03, 0x30);
}

const latin1 = (bytes: Uint8Array, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, length)).toString('latin1');

const KEY_TEXT = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-/m;
const HEADER_LINE =
  /^(?:from|received|return-path|mime-version|message-id|delivered-to|date|subject|content-type|to|x-[a-z-]+): /i;
const KEY_TEXT_WINDOW = 4_096;

function textual(bytes: Uint8Array): Sniffed | undefined {
  const text = decodeText(bytes);
  if (text === undefined) return undefined;
  const head = text.slice(0, KEY_TEXT_WINDOW);
  if (KEY_TEXT.test(head))
    return { kind: 'key-store', mediaType: 'application/x-pem-file', format: 'text', text };
  if (isEmail(head)) return { kind: 'email', mediaType: 'message/rfc822', format: 'email', text };
  if (/^\s*\{/.test(head) && text.includes('"nbformat"') && text.includes('"cells"'))
    return { kind: 'notebook', mediaType: 'application/x-ipynb+json', format: 'notebook', text };
  return { kind: 'text', mediaType: 'text/plain', format: 'text', text };
}

/** Three header lines at the start (RFC 5322 section 2.1), or an mbox line and two. */
function isEmail(head: string): boolean {
  const lines = head.split(/\r?\n/, 40).filter((line) => !/^[ \t]/.test(line) && !line.startsWith('From '));
  let headers = 0;
  for (const line of lines) {
    if (!/^[!-9;-~]+:/.test(line)) break;
    if (HEADER_LINE.test(line)) headers++;
  }
  return headers >= 3;
}
