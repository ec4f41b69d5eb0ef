import { createSecretsDetector } from '../../../agent/src/guard/secrets/build.ts';
import { secretsCatalogue } from '../../../agent/src/guard/secrets/catalogue.ts';
import { printHostile } from './hostile.ts';
import { negatives, positives } from './secrets-labelled.ts';
import type { QualitySection } from './section.ts';

export const secretsQuality = (): QualitySection => ({
  title: 'Secrets',
  detector: createSecretsDetector(),
  labelled: [...positives(), ...negatives()],
  more: ({ detector, speed }) => printHostile(detector, secretsCatalogue, speed.ms100KB),
});
