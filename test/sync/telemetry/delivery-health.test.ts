import { expect, it } from 'vitest';
import { DeliveryHealth } from '../../../agent/src/sync/telemetry/delivery-health.ts';

const problem = { code: 'unreachable', text: 'It is away.' };

it('waits longer with each failure in a row, and not at all after a success', () => {
  let nowMs = 0;
  const clocks = { uptimeMs: () => nowMs, dateMs: () => 1_000_000 + nowMs, random: () => 1 };
  const health = new DeliveryHealth(clocks, { firstMs: 5_000, lastMs: 300_000 });
  expect(health.view()).toMatchObject({ failuresInRow: 0, failingSinceMs: undefined, nextAttemptInMs: 0 });
  expect(health.failed(problem)).toBe(5_000);
  nowMs = 5_000;
  expect(health.waitMs()).toBe(0);
  expect(health.failed(problem)).toBe(10_000);
  nowMs = 6_000;
  expect(health.view()).toMatchObject({
    failuresInRow: 2,
    failingSinceMs: 1_000_000,
    failuresTotal: 2,
    nextAttemptInMs: 9_000,
    problem,
  });
  health.succeeded(undefined, true);
  expect(health.view()).toEqual({
    failuresInRow: 0,
    failingSinceMs: undefined,
    failuresTotal: 2,
    lastDeliveryAtMs: 1_006_000,
    problem: undefined,
    nextAttemptInMs: 0,
  });
  expect(health.failed(problem)).toBe(5_000);
  expect(health.view()).toMatchObject({ failuresInRow: 1, failingSinceMs: 1_006_000 });
});
