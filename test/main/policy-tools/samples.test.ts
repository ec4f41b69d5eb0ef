import { expect, it } from 'vitest';
import { fillSamples } from '../../../agent/src/main/policy-tools/samples.ts';

it('fills in random characters of the set, the same for the same seed', () => {
  const text = fillSamples('AKIA{{A-Z2-7:16}} and {{ab:4}}', 'seed');
  expect(text).toMatch(/^AKIA[A-Z2-7]{16} and [ab]{4}$/);
  expect(fillSamples('AKIA{{A-Z2-7:16}} and {{ab:4}}', 'seed')).toBe(text);
  expect(fillSamples('AKIA{{A-Z2-7:16}}', 'other')).not.toBe(text.slice(0, 20));
});

it('gives the same sample twice in one text, and long ones whole', () => {
  const [first, second] = fillSamples('{{0-9a-f:40}} {{0-9a-f:40}}', 'x').split(' ');
  expect(first).toHaveLength(40);
  expect(second).toBe(first);
});

it('leaves other braces alone', () => {
  expect(fillSamples('{{ name }} {x:1} {{a-z}}', 's')).toBe('{{ name }} {x:1} {{a-z}}');
});
