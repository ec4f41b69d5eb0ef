import { describe, expect, it } from 'vitest';
import { telemetryStatus, telemetryTroubles } from '../../agent/src/main/telemetry-status.ts';
import { statusSchema } from '../../agent/src/serve/contract-status.ts';
import type { CourierView } from '../../agent/src/sync/telemetry/courier.ts';
import type { DeliveryView } from '../../agent/src/sync/telemetry/delivery-health.ts';

const problem = { code: 'not-authorised', text: 'a refuses the agent.', mend: 'Check the credential.' };
const WELL: DeliveryView = {
  failuresInRow: 0,
  failingSinceMs: undefined,
  failuresTotal: 0,
  lastDeliveryAtMs: 5,
  problem: undefined,
  nextAttemptInMs: 0,
};
const FAILING: DeliveryView = {
  failuresInRow: 3,
  failingSinceMs: 1_000,
  failuresTotal: 9,
  lastDeliveryAtMs: 5,
  problem,
  nextAttemptInMs: 4_000.5,
};
const courier = (health: DeliveryView, changes: Partial<CourierView> = {}): CourierView => ({
  ...health,
  name: 'otlp',
  outbox: { waiting: { records: 4, bytes: 400 }, dropped: 0, rejected: 2 },
  delivered: 0,
  lastRefusal: undefined,
  ...changes,
});
const status = (log: CourierView, metrics: DeliveryView | undefined = WELL) =>
  telemetryStatus({ destinations: [log], metrics }, false);

describe('telemetry in status', () => {
  it('fits the contract, and tells failures in a row and what was set aside', () => {
    const lastRefusal = { atMs: 7, records: 1, sequence: 37, problem };
    const shown = status(courier(FAILING, { lastRefusal }));
    expect(statusSchema.shape.telemetry.parse(shown)).toEqual(shown);
    expect(shown.destinations[0]).toMatchObject({
      state: 'failing',
      failuresInRow: 3,
      failingSinceMs: 1_000,
      nextAttemptInMs: 4_001,
      rejected: 2,
      lastRefusal,
    });
  });

  it('is trouble after three failures in a row, and none once one went well, however many there were', () => {
    expect(telemetryTroubles(status(courier({ ...FAILING, failuresInRow: 2 })))).toEqual([]);
    expect(telemetryTroubles(status(courier(FAILING)))).toEqual([
      {
        code: 'telemetry-failing',
        text: 'Telemetry to otlp: a refuses the agent. 4 records wait.',
        mend: 'Check the credential.',
      },
    ]);
    expect(telemetryTroubles(status(courier({ ...WELL, failuresTotal: 50 })))).toEqual([]);
  });

  it('tells of metrics too, unless the log fails for the same reason', () => {
    expect(telemetryTroubles(status(courier(WELL), FAILING))).toMatchObject([
      { text: 'Metrics: a refuses the agent.' },
    ]);
    expect(telemetryTroubles(status(courier(FAILING), FAILING))).toHaveLength(1);
  });
});
