/** The agent's real instruments with something in each, so that every name they can have is seen. */
import { createMeter, type Meter } from '../../agent/src/sync/telemetry/metrics/meter.ts';
import { resourceOf } from '../../agent/src/sync/telemetry/telemetry.ts';
import { SAMPLE_TIME_MS, sampleExchange } from './sample-records.ts';

export async function fullMetrics(): Promise<Awaited<ReturnType<Meter['collect']>>> {
  const meter = createMeter({
    resource: resourceOf({ version: '1.2.3', deviceId: 'device-1', host: 'laptop-7', platform: 'linux' }),
    facts: () => ({
      version: '1.2.3',
      state: 'running',
      startedAtMs: SAMPLE_TIME_MS,
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
      degraded: ['ca-expires'],
      coverage: [{ app: 'codex', service: 'openai', governed: 3, tunnelled: 1, uncovered: 1 }],
    }),
    couriers: () => [
      {
        name: 'otlp',
        lastDeliveryAtMs: undefined,
        outbox: { waiting: { records: 4, bytes: 4_321 }, dropped: 5, rejected: 6 },
        failuresInRow: 1,
        failingSinceMs: SAMPLE_TIME_MS,
        failuresTotal: 7,
        delivered: 0,
        lastRefusal: undefined,
        problem: undefined,
        nextAttemptInMs: 0,
      },
    ],
    recordsDropped: () => 2,
    leastCalls: 1,
  });
  meter.exchange(sampleExchange(1));
  meter.exchange(
    sampleExchange(2, {
      effective: 'block',
      reasons: [{ rule: 'no-secrets', action: 'block', text: 'A secret.' }],
      findings: { 'aws-access-key-id': 1 },
    }),
  );
  const metrics = await meter.collect();
  await meter.close();
  return metrics;
}
