/** Attachments: the bytes that a request carries along, and what opening them shows. */
import type { AttachmentKind } from '../../../policies/schema/guardrails/attachment.ts';

/** What a file is, by its content; in the words of policies, where `remote` is one that nobody has seen. */
export type FileKind = Exclude<AttachmentKind, 'remote'>;

/** The bytes of an attachment as the request carries them; base64 in either alphabet, with or without line ends. */
export type AttachmentContent =
  | { readonly form: 'base64'; readonly text: string; readonly from: number; readonly to: number }
  /** The data of a `data:` URL without base64. */
  | { readonly form: 'percent'; readonly text: string; readonly from: number }
  | { readonly form: 'bytes'; readonly bytes: Uint8Array };

/** Why a file could not be read to its end. */
export type OpeningProblem =
  /** Unpacks to more than the agent opens: size, ratio, number of entries or depth. */
  | 'archive-bomb'
  /** Needs a password that the agent doesn't have. */
  | 'encrypted-archive'
  /** Damaged, cut off, of a packing that the agent doesn't know, or not done in time. */
  | 'unreadable-attachment';

/** One file: the attachment itself, or something that was inside it. */
export interface OpenedFile {
  readonly kind: FileKind;
  /** By its content; `application/octet-stream` if nothing tells. */
  readonly mediaType: string;
  /** Its name within what holds it; absent for the attachment itself. */
  readonly name?: string;
  /** 0: the attachment itself. */
  readonly depth: number;
  readonly bytes: number;
  /** What of it can be read as text. Empty where nothing can: pictures, sound. */
  readonly text: string;
  readonly problem?: OpeningProblem;
}

/** What opening an attachment showed: the attachment first, then what was inside. */
export type OpenedAttachment = readonly [OpenedFile, ...OpenedFile[]];

/** Opens attachments within fixed limits. Never rejects: what can't be opened is a problem of its file. */
export interface AttachmentOpener {
  /** Synchronous if the content has been opened before. */
  open(content: AttachmentContent): OpenedAttachment | Promise<OpenedAttachment>;
}
