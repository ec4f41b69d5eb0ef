/** The sections of the quality bench: one for each detector, added here. */

import { benchCode } from './code.ts';
import { injectionQuality } from './injection.ts';
import { benchPatterns } from './patterns.ts';
import { piiQuality } from './pii.ts';
import { secretsQuality } from './secrets.ts';
import { printSection, type QualitySection } from './section.ts';

const SECTIONS: readonly (() => QualitySection)[] = [
  secretsQuality,
  piiQuality,
  injectionQuality,
  () => injectionQuality('content'),
];

export function benchQuality(): void {
  for (const section of SECTIONS) printSection(section());
  benchPatterns();
  benchCode();
}
