import { expect, it } from 'vitest';
import { isLeftOut } from '../../agent/src/decide/canary.ts';

const devices = Array.from({ length: 2000 }, (_, index) => `laptop-${index}`);
const enforcing = (canaryPercent: number, name = 'acme') =>
  devices.filter((device) => !isLeftOut({ name, rollout: { shadow: false, canaryPercent } }, device));

it('is for about the share of devices that the policy names', () => {
  expect(enforcing(0)).toHaveLength(0);
  expect(enforcing(100)).toHaveLength(devices.length);
  expect(enforcing(10).length / devices.length).toBeCloseTo(0.1, 1);
});

it('only adds devices as the share rises', () => {
  const more = new Set(enforcing(50));
  expect(enforcing(20).every((device) => more.has(device))).toBe(true);
});

it('chooses other devices for another policy', () => {
  expect(enforcing(10, 'other')).not.toEqual(enforcing(10));
});
