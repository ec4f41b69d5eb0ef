/**
 * guard/pii finds personal data by what can be proved of it: check digits, official structures, numbering plans, and the
 * words that stand before. One walk over the text, no expression over the whole of it; the verdict doesn't depend on cuts.
 */
import type { Detector } from '../../core/finding.ts';
import { createWalkDetector } from '../walk.ts';
import { chooseSearch, type PiiOptions } from './kinds.ts';
import { LOOK_BEHIND, PiiWalk } from './pii-walk.ts';

export function createPiiDetector(id: string, options: PiiOptions = {}): Detector {
  const search = chooseSearch(options);
  return createWalkDetector(id, { lookBehind: LOOK_BEHIND, begin: () => new PiiWalk(search) });
}
