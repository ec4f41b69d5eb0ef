import type { AttachmentContent } from '../core/attachment.ts';

/**
 * The bytes of an attachment, in memory of their own: they are handed to another thread. Undefined if the URL's
 * percent encoding is broken. Base64 is read as leniently as providers do: both alphabets, line ends, no padding.
 */
export function contentBytes(content: AttachmentContent): Uint8Array<ArrayBuffer> | undefined {
  switch (content.form) {
    case 'base64':
      return own(Buffer.from(content.text.slice(content.from, content.to), 'base64'));
    case 'bytes':
      return new Uint8Array(content.bytes);
    case 'percent':
      try {
        return own(Buffer.from(decodeURIComponent(content.text.slice(content.from)), 'utf8'));
      } catch {
        return undefined;
      }
    default:
      return content satisfies never;
  }
}

/** Small buffers share a pool, whose memory can't be given away. */
const own = (buffer: Buffer): Uint8Array<ArrayBuffer> =>
  buffer.byteLength === buffer.buffer.byteLength
    ? (buffer as Uint8Array<ArrayBuffer>)
    : new Uint8Array(buffer);
