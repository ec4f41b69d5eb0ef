import { describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../../../../agent/src/core/records.ts';
import type { CourierView } from '../../../../agent/src/sync/telemetry/courier.ts';
import { createMeter, type MeterOptions } from '../../../../agent/src/sync/telemetry/metrics/meter.ts';
import { prometheusText } from '../../../../agent/src/sync/telemetry/metrics/prometheus.ts';
import { Tally } from '../../../../agent/src/sync/telemetry/metrics/tally.ts';
import { resourceOf } from '../../../../agent/src/sync/telemetry/telemetry.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../../kit/sample-records.ts';

const courier: CourierView = {
  name: 'syslog:siem.example.com:6514',
  lastDeliveryAtMs: undefined,
  outbox: { waiting: { records: 4, bytes: 4_321 }, dropped: 5, rejected: 6 },
  failuresInRow: 1,
  failingSinceMs: SAMPLE_TIME_MS,
  failuresTotal: 7,
  delivered: 0,
  lastRefusal: undefined,
  problem: undefined,
  nextAttemptInMs: 0,
};

const meter = (changes: Partial<MeterOptions> = {}) =>
  createMeter({
    resource: resourceOf({ version: '1.2.3', deviceId: 'd', host: 'a "quoted\\" name', platform: 'linux' }),
    facts: () => ({
      version: '1.2.3',
      state: 'running',
      startedAtMs: SAMPLE_TIME_MS,
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
      degraded: ['ca-expires'],
      coverage: [{ app: 'codex', service: 'openai', governed: 3, tunnelled: 0, uncovered: 1 }],
    }),
    couriers: () => [courier],
    recordsDropped: () => 2,
    leastCalls: 1,
    ...changes,
  });

async function textOf(
  records: readonly ExchangeRecord[],
  changes: Partial<MeterOptions> = {},
): Promise<string> {
  const made = meter(changes);
  for (const record of records) made.exchange(record);
  const text = prometheusText(await made.collect());
  await made.close();
  return text;
}

const blocked = sampleExchange(2, {
  decision: 'block',
  effective: 'block',
  result: 'refused',
  reasons: [
    { rule: 'no-secrets', action: 'block', text: 'A secret.' },
    { rule: 'new', action: 'warn', text: 'On trial.', shadow: true },
  ],
  findings: { 'aws-access-key-id': 2 },
  usage: undefined,
  cost: undefined,
});

describe('the metrics', () => {
  it('add up what waits for two destinations of a kind, which they do not tell apart', async () => {
    const other = { ...courier, name: 'syslog:other.example.com:6514' };
    const text = await textOf([], { couriers: () => [courier, other, { ...courier, name: 'otlp' }] });
    expect(text).toContain('postern_outbox_records{postern_destination="syslog"} 8');
    expect(text).toContain('postern_outbox_records{postern_destination="otlp"} 4');
    expect(text).toContain('postern_outbox_failures_total{postern_destination="syslog"} 14');
  });

  it('count calls, tokens, money, rules, findings, latency, policy, coverage and the outbox', async () => {
    const text = await textOf([sampleExchange(1), sampleExchange(3), blocked]);
    const value = (pattern: RegExp): string | undefined =>
      new RegExp(`^${pattern.source} (.*)$`, 'm').exec(text)?.[1];
    expect(value(/postern_calls_total\{.*effective="allow".*\}/)).toBe('2');
    expect(value(/postern_calls_total\{.*effective="block".*\}/)).toBe('1');
    expect(value(/postern_tokens_total\{.*token_type="input"\}/)).toBe('2000');
    expect(value(/postern_tokens_total\{.*token_type="output"\}/)).toBe('600');
    expect(value(/postern_cost_usd_total\{.*effective="allow".*\}/)).toBe('0.01437');
    expect(
      value(
        /postern_rule_hits_total\{postern_rule="no-secrets",postern_action="block",postern_trial="false"\}/,
      ),
    ).toBe('1');
    expect(value(/postern_rule_hits_total\{postern_rule="new",.*postern_trial="true"\}/)).toBe('1');
    expect(value(/postern_findings_total\{postern_finding="aws-access-key-id"\}/)).toBe('2');
    expect(value(/postern_latency_added_seconds_bucket\{le="0.0005"\}/)).toBe('3');
    expect(value(/postern_latency_added_seconds_bucket\{le="0.00025"\}/)).toBe('0');
    expect(value(/postern_latency_added_seconds_bucket\{le="\+Inf"\}/)).toBe('3');
    expect(value(/postern_latency_added_seconds_count/)).toBe('3');
    expect(value(/gen_ai_client_operation_duration_seconds_count\{.*\}/)).toBe('2');
    expect(
      value(
        /postern_policy_active\{postern_policy_name="baseline",postern_policy_revision="a1b2c3d4",postern_version="1.2.3"\}/,
      ),
    ).toBe('1');
    expect(
      value(/postern_coverage_total\{postern_app="codex",postern_service="openai",postern_use="uncovered"\}/),
    ).toBe('1');
    expect(value(/postern_degraded\{postern_reason="ca-expires"\}/)).toBe('1');
    expect(value(/postern_outbox_size_bytes\{postern_destination="syslog"\}/)).toBe('4321');
    expect(value(/postern_outbox_dropped_total\{.*\}/)).toBe('5');
    expect(value(/postern_outbox_failures_total\{.*\}/)).toBe('7');
    expect(value(/postern_records_dropped_total/)).toBe('2');
    expect(text).toContain('host_name="a \\"quoted\\\\\\" name"');
  });

  it('name nobody', async () => {
    expect(await textOf([sampleExchange(1), blocked])).not.toMatch(/\bada\b/);
  });

  it('say the type of each family once, and are plain text that Prometheus can read', async () => {
    const lines = (await textOf([sampleExchange(1)])).trimEnd().split('\n');
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types).size).toBe(types.length);
    for (const line of lines) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-zA-Z_][a-zA-Z0-9_]* .+|[a-zA-Z_][a-zA-Z0-9_]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*",?)+\})? -?[0-9.e+-]+)$/,
      );
    }
  });

  it('keep groups of fewer than five calls back where a works council has a say', async () => {
    const few = await textOf(
      [1, 2, 3, 4].map((number) => sampleExchange(number)),
      { leastCalls: 5 },
    );
    expect(few).not.toMatch(/^postern_(calls|tokens|cost|coverage)/m);
    const five = await textOf(
      [1, 2, 3, 4, 5].map((number) => sampleExchange(number)),
      { leastCalls: 5 },
    );
    expect(five).toMatch(/^postern_calls_total\{.*\} 5$/m);
  });

  it('stay bounded when a client invents names', () => {
    const tally = new Tally();
    for (let i = 0; i < 3_000; i++) tally.add(sampleExchange(i, { model: `made-up-${i}` }));
    const counts = tally.calls();
    expect(counts.length).toBeLessThanOrEqual(1_001);
    expect(counts.reduce((sum, { calls }) => sum + calls, 0)).toBe(3_000);
    expect(counts.at(-1)?.labels).toEqual({ 'otel.metric.overflow': true });
  });
});
