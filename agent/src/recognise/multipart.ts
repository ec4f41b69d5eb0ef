import type { ExchangeRequest, Operation, Part } from '../core/exchange.ts';
import { base64Bytes, kindOfMedia } from './attachment.ts';
import { spelledBeside } from './parts.ts';

/** RFC 2046 section 5.1.1: at most 70 characters, in quotes if they need it. */
const BOUNDARY = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i;
const MAX_PARTS = 1_000;
const MAX_NESTING = 3;

/**
 * Reads a multipart body (RFC 7578, 2046), as files are uploaded to chat sites and Files APIs: fields are texts, files
 * are attachments whose bytes lie in the body. As lenient as servers are; undefined if there is no boundary to go by.
 */
export function readMultipart(
  body: Uint8Array,
  contentType: string,
  operation: Operation,
): ExchangeRequest | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const parts: Part[] = [];
  collect(Buffer.from(body.buffer, body.byteOffset, body.byteLength), boundary, '', 0, parts);
  return {
    dialect: 'opaque',
    operation,
    model: undefined,
    stream: false,
    parts,
    tools: [],
    maxOutputTokens: undefined,
  };
}

function boundaryOf(contentType: string): string | undefined {
  const found = BOUNDARY.exec(contentType);
  return found?.[1] ?? found?.[2];
}

function collect(body: Buffer, boundary: string, pointer: string, depth: number, parts: Part[]): void {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let index = 0;
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    // The closing delimiter; what follows it is a note to nobody.
    if (body[start] === 0x2d && body[start + 1] === 0x2d) return;
    const next = body.indexOf(delimiter, start);
    const place = `${pointer}/${index}`;
    const end = next < 0 ? body.length : withoutLineEnd(body, start, next);
    // More than this isn't a form: the rest counts as one file.
    if (index >= MAX_PARTS) {
      parts.push(fileOf(place, body.subarray(start), undefined, undefined, undefined));
      return;
    }
    readPart(body.subarray(start, end), place, depth, parts);
    index += 1;
    at = next;
  }
}

function withoutLineEnd(body: Buffer, start: number, end: number): number {
  if (end > start && body[end - 1] === 0x0a) return body[end - 2] === 0x0d ? end - 2 : end - 1;
  return end;
}

function readPart(part: Buffer, pointer: string, depth: number, parts: Part[]): void {
  const { head, content } = split(part);
  const type = header(head, 'content-type');
  const disposition = header(head, 'content-disposition') ?? '';
  const fileName = fileNameOf(disposition);
  const inner = type?.toLowerCase().startsWith('multipart/') === true ? boundaryOf(type) : undefined;
  if (inner !== undefined && depth < MAX_NESTING) {
    collect(content, inner, pointer, depth + 1, parts);
    return;
  }
  const isField =
    fileName === undefined && (type === undefined || /^(?:text\/|application\/json)/i.test(type));
  if (!isField) {
    parts.push(fileOf(pointer, content, type, fileName, header(head, 'content-transfer-encoding')));
    return;
  }
  const text = content.toString('utf8');
  if (text === '') return;
  const field: Part = { kind: 'unknown', role: 'user', pointer, text, editable: false };
  const spelled = spelledBeside(field);
  parts.push(field, ...(spelled === undefined ? [] : [spelled]));
}

/** Headers end with an empty line; a part without one is all content. */
function split(part: Buffer): { readonly head: string; readonly content: Buffer } {
  for (const end of ['\r\n\r\n', '\n\n']) {
    const at = part.indexOf(end, 0, 'latin1');
    if (at < 0 || at > 16_384) continue;
    return { head: part.toString('utf8', 0, at), content: part.subarray(at + end.length) };
  }
  return { head: '', content: part };
}

function header(head: string, name: string): string | undefined {
  for (const line of head.split(/\r?\n(?![ \t])/)) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return undefined;
}

/** `filename` in quotes or bare; `filename*` (RFC 8187) is percent-encoded UTF-8. */
function fileNameOf(disposition: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]*)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      return extended;
    }
  }
  const found = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i.exec(disposition);
  return found?.[1] ?? found?.[2];
}

function fileOf(
  pointer: string,
  content: Buffer,
  mediaType: string | undefined,
  fileName: string | undefined,
  transferEncoding: string | undefined,
): Part {
  const encoded = transferEncoding?.toLowerCase() === 'base64' ? content.toString('latin1') : undefined;
  return {
    ...uploadedFile(pointer, content, mediaType, fileName),
    ...(encoded !== undefined && {
      bytes: base64Bytes(encoded),
      content: { form: 'base64', text: encoded, from: 0, to: encoded.length },
    }),
  };
}

/** A body that is one file (a Files API's upload, a PUT to a chat site's store). */
export function readUpload(body: Uint8Array, contentType: string, operation: Operation): ExchangeRequest {
  return {
    dialect: 'opaque',
    operation,
    model: undefined,
    stream: false,
    parts: [uploadedFile('', body, contentType, undefined)],
    tools: [],
    maxOutputTokens: undefined,
  };
}

function uploadedFile(
  pointer: string,
  bytes: Uint8Array,
  contentType: string | undefined,
  fileName: string | undefined,
): Part {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  return {
    kind: kindOfMedia(mediaType),
    role: 'user',
    pointer,
    text: undefined,
    editable: false,
    ...(mediaType !== undefined && { mediaType }),
    ...(fileName !== undefined && { fileName }),
    bytes: bytes.length,
    content: { form: 'bytes', bytes },
  };
}
