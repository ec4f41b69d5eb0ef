import { expect, it } from 'vitest';
import { createDetectors } from '../../agent/src/guard/detectors.ts';
import { createRandom, ofShape } from '../kit/random-text.ts';

it('lists every detector under the name that policies use', () => {
  const detectors = createDetectors();
  expect(Object.entries(detectors).map(([name, detector]) => [name, detector.id])).toEqual([
    ['secrets', 'secrets'],
  ]);
});

it('says what it found in words, and never the text itself', () => {
  const key = ofShape('AKIA{U16}', createRandom(8));
  const matches = createDetectors().secrets.scan(`key ${key}.`);
  expect(matches).toEqual([
    {
      kind: 'aws-access-key-id',
      label: 'AWS access key',
      severity: 'critical',
      confidence: 'high',
      start: 4,
      end: 24,
    },
  ]);
  expect(JSON.stringify(matches)).not.toContain(key);
});
