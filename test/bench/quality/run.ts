/** The sections of the quality bench: one for each detector, added here. */

import { secretsQuality } from './secrets.ts';
import { printSection, type QualitySection } from './section.ts';

const SECTIONS: readonly (() => QualitySection)[] = [secretsQuality];

export function benchQuality(): void {
  for (const section of SECTIONS) printSection(section());
}
