/** The sections of the quality bench: one for each detector, added here. */

import { benchAttachments } from './attachments.ts';
import { benchCode } from './code.ts';
import { benchCodeLabelled } from './code-labelled.ts';
import { injectionQuality } from './injection.ts';
import { benchPatterns } from './patterns.ts';
import { piiQuality } from './pii.ts';
import { benchRemote } from './remote.ts';
import { secretsQuality } from './secrets.ts';
import { printSection, type QualitySection } from './section.ts';
import { benchWords } from './words-labelled.ts';

const SECTIONS: readonly (() => QualitySection)[] = [
  secretsQuality,
  piiQuality,
  injectionQuality,
  () => injectionQuality('content'),
];

export async function benchQuality(): Promise<void> {
  for (const section of SECTIONS) printSection(section());
  benchWords();
  benchPatterns();
  benchCodeLabelled();
  benchCode();
  await benchAttachments();
  await benchRemote();
}
