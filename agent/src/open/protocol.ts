import type { OpenedAttachment } from '../core/attachment.ts';

/** One attachment for the worker; its bytes change owner. */
export interface ToOpener {
  readonly job: number;
  readonly bytes: Uint8Array;
}

export interface FromOpener {
  readonly job: number;
  readonly opened: OpenedAttachment;
}
