import type { AttachmentContent } from '../core/attachment.ts';

/** What can be told about an attachment without decoding it whole. */
export interface AttachmentFacts {
  readonly mediaType: string | undefined;
  readonly bytes: number | undefined;
  /** The content of a small text file sent as base64; a prompt by another name. */
  readonly text: string | undefined;
  /** Where its bytes are; they are opened off the event loop, if a rule asks. */
  readonly content: AttachmentContent | undefined;
}

const TEXT_MEDIA_TYPE =
  /^(?:text\/|application\/(?:[a-z0-9.+-]+\+)?(?:json|xml|yaml|x-yaml|toml|javascript|x-sh|x-ndjson|sql)\b)/i;
/** Longest base64 that is decoded for reading: 1.5 MiB of text. */
const MAX_TEXT_BASE64 = 2 * 1024 * 1024;
const LONGEST_HEADER = 256;

/** Decoded size of base64 text (RFC 4648 section 4), padding taken into account. */
export function base64Bytes(base64: string, from = 0): number {
  let end = base64.length;
  while (end > from && base64.charCodeAt(end - 1) === 0x3d) end--;
  return Math.floor(((end - from) * 3) / 4);
}

export function base64Facts(mediaType: string | undefined, base64: string, from = 0): AttachmentFacts {
  const isText =
    mediaType !== undefined && base64.length - from <= MAX_TEXT_BASE64 && TEXT_MEDIA_TYPE.test(mediaType);
  return {
    mediaType,
    bytes: base64Bytes(base64, from),
    text: isText ? Buffer.from(base64.slice(from), 'base64').toString('utf8') : undefined,
    content: { form: 'base64', text: base64, from, to: base64.length },
  };
}

/** `data:image/png;base64,…` (RFC 2397). Undefined if it isn't a data URL: then it is fetched by the provider. */
export function dataUrlFacts(url: string): AttachmentFacts | undefined {
  if (!/^data:/i.test(url.slice(0, 5))) return undefined;
  const header = url.slice(5, LONGEST_HEADER);
  const comma = header.indexOf(',');
  if (comma < 0) {
    const content: AttachmentContent = { form: 'percent', text: url, from: 5 };
    return { mediaType: undefined, bytes: undefined, text: undefined, content };
  }
  const [mediaType, ...parameters] = header.slice(0, comma).split(';');
  const contentStart = 5 + comma + 1;
  const named = mediaType === '' ? 'text/plain' : mediaType;
  if (parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')) {
    return base64Facts(named, url, contentStart);
  }
  const content: AttachmentContent = { form: 'percent', text: url, from: contentStart };
  return { mediaType: named, bytes: url.length - contentStart, text: url.slice(contentStart), content };
}

/** The part kind a media type belongs to. */
export function kindOfMedia(mediaType: string | undefined): 'image' | 'audio' | 'file' {
  if (mediaType?.startsWith('image/')) return 'image';
  if (mediaType?.startsWith('audio/')) return 'audio';
  return 'file';
}
