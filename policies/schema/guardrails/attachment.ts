import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/** What a file is by its content. `remote` is one that the request only names, by URL or id: its content isn't seen. */
export const attachmentKindSchema = z.enum([
  'archive',
  'executable',
  'office',
  'pdf',
  'email',
  'notebook',
  'image',
  'audio',
  'video',
  'database',
  'key-store',
  'font',
  'text',
  'other',
  'remote',
]);
export type AttachmentKind = z.infer<typeof attachmentKindSchema>;

/**
 * Files, images and recordings, by their content. Without a limit, every file of these kinds is a finding, also one
 * inside an archive; so is what can't be opened or isn't what it is said to be. With limits, only passing them is.
 */
export const attachmentGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('attachment'),
  /** The kinds of file that the rule is about; all if absent. */
  files: nonEmpty(attachmentKindSchema).optional(),
  maxFiles: z.int().min(0).optional(),
  maxFileBytes: z.int().min(1).optional(),
  /** Of all files together. */
  maxTotalBytes: z.int().min(1).optional(),
});
