import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { DetectorBuild } from '../build.ts';
import { createAttachmentDetector } from './attachment.ts';

export function buildAttachment(rule: Extract<GuardrailRule, { detect: 'attachment' }>): DetectorBuild {
  const { id, files, kinds, maxFiles, maxFileBytes, maxTotalBytes } = rule;
  const limited = maxFiles !== undefined || maxFileBytes !== undefined || maxTotalBytes !== undefined;
  if (limited && kinds !== undefined) {
    // The limits' findings are `too-many-files` and its kin: kinds of file here would hide every one of them.
    return {
      ok: false,
      faults: [
        {
          path: ['kinds'],
          message: "A rule with limits can't choose files by kinds: its findings are about the limits.",
          mend: 'Say which files the limits are about with files: [archive, office].',
        },
      ],
    };
  }
  const key = `attachment:${id}`;
  const options = {
    files: files === undefined ? undefined : new Set(files),
    maxFiles,
    maxFileBytes,
    maxTotalBytes,
  };
  return { ok: true, key, make: () => createAttachmentDetector(key, options) };
}
