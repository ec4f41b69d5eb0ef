import PostalMime from 'postal-mime';
import { OpenError } from '../limits.ts';
import { markupText } from './markup.ts';
import type { ArchiveEntry } from './zip.ts';

/** A message (RFC 5322, MIME): its headers and bodies as text, and its attachments. */
export async function readEmail(
  bytes: Uint8Array,
): Promise<{ readonly text: string; readonly attachments: readonly ArchiveEntry[] }> {
  try {
    const mail = await PostalMime.parse(bytes, {
      attachmentEncoding: 'arraybuffer',
      forceRfc822Attachments: true,
    });
    const headers = mail.headers.map(({ key, value }) => `${key}: ${value}`);
    const html = mail.html === undefined ? '' : markupText(mail.html, { html: true });
    return {
      text: [...headers, mail.text ?? '', html].join('\n'),
      attachments: mail.attachments.map(({ filename, content }) => ({
        name: filename ?? 'attachment',
        read: async () => asBytes(content),
      })),
    };
  } catch (cause) {
    throw new OpenError('unreadable-attachment', 'is a damaged message', { cause });
  }
}

const asBytes = (content: ArrayBuffer | Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content, 'utf8') : new Uint8Array(content);
