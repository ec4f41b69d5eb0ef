import fc from 'fast-check';
import { expect, it } from 'vitest';
import { editDistance, nearest } from '../../policies/schema/nearest.ts';

it.each([
  ['gaurdrails', ['guardrails', 'services'], 'guardrails'],
  ['Claude', ['claude-code', 'codex'], 'claude-code'],
  ['opnai', ['openai', 'xai'], 'openai'],
  ['zebra', ['openai', 'xai'], undefined],
  ['', ['a'], undefined],
  ['x'.repeat(1000), ['x'], undefined],
])('%s', (name, known, expected) => {
  expect(nearest(name, known)).toBe(expected);
});

it('is a distance: symmetric, zero only for equals, bounded by the longer word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(editDistance(b, a)).toBe(distance);
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
