import { createSecretsDetector } from '../../../agent/src/guard/secrets/build.ts';
import { CREDENTIAL_SHAPES } from '../../guard/secrets/shapes.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';
import type { Labelled } from './harness.ts';
import type { QualitySection } from './section.ts';

export const secretsQuality = (): QualitySection => ({
  title: 'Secrets',
  detector: createSecretsDetector(),
  labelled: labelledSecrets(),
});

function labelledSecrets(): Labelled[] {
  const random = createRandom(80);
  return Object.entries(CREDENTIAL_SHAPES).flatMap(([kind, shapes]) =>
    shapes.map((shape) => {
      const marked = ofShape(shape, random);
      const text = marked.replace(/[«»]/g, '');
      const start = Math.max(0, marked.indexOf('«'));
      const end = marked.includes('»') ? marked.indexOf('»') - 1 : text.length;
      return { text, expected: [{ kind, start, end }], category: 'documented formats' };
    }),
  );
}
