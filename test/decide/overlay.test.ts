/** Switches, overrides and the policy's age, as rules before the policy's own. */
import { expect, test } from 'vitest';
import { layOver, NO_OVERLAY, switchesHere } from '../../agent/src/decide/overlay.ts';
import type { Switch } from '../../policies/bundle/switches.ts';
import { policySchema } from '../../policies/schema/policy.ts';

const NOW = Date.UTC(2026, 10, 26);
const one = (changes: Partial<Switch> = {}): Switch => ({
  id: 's-1',
  what: 'block',
  who: {},
  until: '2026-11-26T12:00:00Z',
  reason: 'A leak.',
  ...changes,
});
const here = { device: 'Ann-Laptop', users: ['ann'], groups: ['ring-1', 'sales'] };

test.each<[string, Switch['who'], boolean]>([
  ['everybody', {}, true],
  ['the person', { users: ['bob', 'ANN'] }, true],
  ['another person', { users: ['bob'] }, false],
  ['the group', { groups: ['sales'] }, true],
  ['the device, in any case', { devices: ['ann-laptop'] }, true],
  ['the person on another device', { users: ['ann'], devices: ['bob-laptop'] }, false],
  ['an app: decided by call', { apps: ['codex'] }, true],
])('a switch for %s', (_whom, who, counts) => {
  expect(switchesHere([one({ who })], here, NOW)).toHaveLength(counts ? 1 : 0);
  expect(switchesHere([one({ who })], here, NOW + 12 * 3_600_000)).toEqual([]);
});

const policy = policySchema.parse({ postern: 1, name: 'p', services: [{ match: 'openai', mode: 'direct' }] });

test('nothing laid over is the policy itself', () => {
  expect(layOver(policy, NO_OVERLAY)).toBe(policy);
});

test('switches come first in their order, then the age, then the policy', () => {
  const { services } = layOver(policy, {
    switches: [one({ what: 'aside', who: { apps: ['codex'] } }), one({ id: 's-2' })],
    override: undefined,
    tooOld: true,
  });
  expect(services).toMatchObject([
    { match: ['*'], mode: 'tunnel', when: 'app.id in ["codex"]' },
    { match: ['*'], mode: 'block', message: 'A leak. (switch s-2, until 2026-11-26T12:00:00Z)' },
    { match: ['*'], mode: 'block', message: expect.stringContaining('too old') },
    { match: ['openai'] },
  ]);
});

test('an override goes before all', () => {
  const laid = { switches: [one()], tooOld: true } as const;
  expect(layOver(policy, { ...laid, override: 'observe' })).toMatchObject({
    services: policy.services,
    rollout: { shadow: true },
  });
  expect(layOver(policy, { ...laid, override: 'aside' }).services.slice(0, -1)).toMatchObject([
    { match: ['*'], mode: 'tunnel' },
  ]);
});
