import { expect, it } from 'vitest';
import { BornAtZero } from '../../../../agent/src/sync/telemetry/metrics/born-at-zero.ts';
import { createMeter, type Meter } from '../../../../agent/src/sync/telemetry/metrics/meter.ts';
import { prometheusText } from '../../../../agent/src/sync/telemetry/metrics/prometheus.ts';
import { resourceOf } from '../../../../agent/src/sync/telemetry/telemetry.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../../kit/sample-records.ts';

const meter = (): Meter =>
  createMeter({
    resource: resourceOf({ version: '1', deviceId: 'd', host: undefined, platform: 'linux' }),
    facts: () => ({
      version: '1',
      state: 'running',
      startedAtMs: SAMPLE_TIME_MS,
      policy: { name: 'p', revision: 'r' },
      degraded: [],
      coverage: [],
    }),
    couriers: () => [],
    recordsDropped: () => 0,
    leastCalls: 1,
  });
type Collected = Awaited<ReturnType<Meter['collect']>>;
const blocked = sampleExchange(2, { decision: 'block', effective: 'block' });
const callsOf = (metrics: Collected, effective: string): string | undefined =>
  new RegExp(`^postern_calls_total\\{.*effective="${effective}".*\\} (\\d+)$`, 'm').exec(
    prometheusText(metrics),
  )?.[1];

it('tells a series as 0 before its first figure, and again until somebody has heard that', async () => {
  const made = meter();
  const born = new BornAtZero();
  made.exchange(sampleExchange(1));
  const first = born.firstly(await made.collect());
  expect(callsOf(first.metrics, 'allow')).toBe('0');
  // It was lost on the way.
  made.exchange(sampleExchange(3));
  const second = born.firstly(await made.collect());
  expect(callsOf(second.metrics, 'allow')).toBe('0');
  second.delivered();
  made.exchange(blocked);
  const third = born.firstly(await made.collect());
  expect(callsOf(third.metrics, 'allow')).toBe('2');
  expect(callsOf(third.metrics, 'block')).toBe('0');
  third.delivered();
  expect(callsOf(born.firstly(await made.collect()).metrics, 'block')).toBe('1');
  await made.close();
});

it('does so with histograms, leaves gauges alone, and changes nothing of what it was given', async () => {
  const made = meter();
  made.exchange(sampleExchange(1));
  const collected = await made.collect();
  const before = prometheusText(collected);
  const text = prometheusText(new BornAtZero().firstly(collected).metrics);
  expect(text).toContain('postern_latency_added_seconds_bucket{le="+Inf"} 0\n');
  expect(text).toContain('postern_latency_added_seconds_sum 0\n');
  expect(text).toMatch(/^postern_policy_active\{.*\} 1$/m);
  expect(prometheusText(collected)).toBe(before);
  expect(before).toContain('postern_latency_added_seconds_count 1\n');
  await made.close();
});
