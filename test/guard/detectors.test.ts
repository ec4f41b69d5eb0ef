import { expect, it } from 'vitest';
import { isRequestDetector } from '../../agent/src/core/finding.ts';
import { policyOf } from '../kit/decide.ts';
import { createRandom, ofShape } from '../kit/random-text.ts';

const POLICY = policyOf(`guardrails:
  - { id: a, detect: secrets, action: block }
  - { id: b, detect: secrets, action: warn, on: [response] }
`);

it('makes one detector for the rules that ask for the same, under its own id', () => {
  const { keys, byKey } = POLICY.detectors;
  expect(keys).toEqual(['secrets', 'secrets']);
  expect(Object.entries(byKey).map(([key, detector]) => [key, detector.id])).toEqual([
    ['secrets', 'secrets'],
  ]);
});

it('says what it found in words, and never the text itself', () => {
  const key = ofShape('AKIA{U16}', createRandom(8));
  const detector = POLICY.detectors.byKey['secrets'];
  if (detector === undefined || isRequestDetector(detector)) throw new Error('secrets are found in texts');
  const matches = detector.scan(`key ${key}.`);
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
