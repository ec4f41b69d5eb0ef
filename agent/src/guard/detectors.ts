/**
 * guard/ finds things in text: each detector reads one string (or one growing stream) and says what it saw and where,
 * never what to do about it. It is pure: no I/O, no clock, and no expression that can run away on hostile text. This
 * file is the one list of detectors there are; a policy's `detect` names one of them.
 */
import type { Detector } from '../core/finding.ts';
import { createRuleDetector } from './engine/engine.ts';
import { secretsCatalogue } from './secrets/catalogue.ts';

/** What a policy's `detect` may say. */
type DetectorId = 'secrets';

/** Compiled anew at each call (about 30 ms): make one per process. */
export const createSecretsDetector = (): Detector => createRuleDetector('secrets', secretsCatalogue);

export const createDetectors = (): Readonly<Record<DetectorId, Detector>> => ({
  secrets: createSecretsDetector(),
});
