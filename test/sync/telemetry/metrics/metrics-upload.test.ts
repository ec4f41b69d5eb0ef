/** Metrics to a real receiver that is in trouble for a while. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOutgoing, type OutgoingWithStats } from '../../../../agent/src/intercept/outgoing/outgoing.ts';
import { sendThrough } from '../../../../agent/src/main/send-http.ts';
import { createMeter, type Meter } from '../../../../agent/src/sync/telemetry/metrics/meter.ts';
import { MetricsUpload } from '../../../../agent/src/sync/telemetry/metrics/metrics-upload.ts';
import { resourceOf } from '../../../../agent/src/sync/telemetry/telemetry.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../../kit/otlp-receiver.ts';
import { createTestAuthority, type TestAuthority } from '../../../kit/pki.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../../kit/sample-records.ts';

const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;
const signal = new AbortController().signal;
let authority: TestAuthority;
let receiver: OtlpReceiver;
let outgoing: OutgoingWithStats;
let meter: Meter;

beforeAll(async () => {
  authority = await createTestAuthority();
});
beforeEach(async () => {
  receiver = await startOtlpReceiver(await authority.issue({ names: ['localhost'] }));
  outgoing = createOutgoing({
    extraCertificates: [authority.pem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
  });
  meter = createMeter({
    resource: resourceOf({ version: '1.2.3', deviceId: 'd', host: undefined, platform: 'linux' }),
    facts: () => ({
      version: '1.2.3',
      state: 'running',
      startedAtMs: SAMPLE_TIME_MS,
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
      degraded: [],
      coverage: [],
    }),
    couriers: () => [],
    recordsDropped: () => 0,
    leastCalls: 1,
  });
});
afterEach(async () => {
  await meter.close();
  await outgoing.close();
  await receiver.close();
});

function uploadEvery(everyMs: number): MetricsUpload {
  return new MetricsUpload({
    endpoint: {
      baseUrl: new URL(receiver.url),
      send: sendThrough(outgoing),
      device: { id: 'd', publicKeyPem: '', sign: () => new Uint8Array(64) },
      headers: () => ({}),
      dateMs: () => SAMPLE_TIME_MS,
    },
    protocol: 'http/json',
    everyMs,
    collect: () => meter.collect(),
    uptimeMs: () => 0,
    random: () => 1,
  });
}

/** Of one request: the sum that counts calls, as it went over the wire. */
function callsIn(body: Buffer) {
  const { resourceMetrics } = JSON.parse(body.toString());
  const metrics = resourceMetrics[0].scopeMetrics[0].metrics as { name: string; sum?: object }[];
  return metrics.find(({ name }) => name === 'postern.calls')?.sum as {
    aggregationTemporality: number;
    dataPoints: { asDouble?: number; asInt?: number; startTimeUnixNano: string }[];
  };
}

describe('metrics on their way out', () => {
  it('are tried again within five minutes, however seldom they are sent and however long it lasts', async () => {
    const upload = uploadEvery(DAY_MS);
    receiver.answer = () => ({ status: 503 });
    for (let i = 0; i < 12; i++) expect(await upload.step(signal)).toBeLessThanOrEqual(FIVE_MINUTES_MS);
    expect(upload.view()).toMatchObject({
      failuresInRow: 12,
      failingSinceMs: SAMPLE_TIME_MS,
      problem: { code: 'overloaded' },
    });
    receiver.answer = () => ({});
    expect(await upload.step(signal)).toBe(DAY_MS);
    expect(upload.view()).toMatchObject({ failuresInRow: 0, failuresTotal: 12, problem: undefined });
  });

  it('wait as long as the collector asks for, but not longer than an hour', async () => {
    const upload = uploadEvery(60_000);
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '900' } });
    expect(await upload.step(signal)).toBeCloseTo(990_000);
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '999999' } });
    expect(await upload.step(signal)).toBeCloseTo(3_960_000);
  });

  it('are sums since one and the same start: what a failed upload held is in the next, once', async () => {
    const upload = uploadEvery(60_000);
    meter.exchange(sampleExchange(1));
    await upload.step(signal);
    meter.exchange(sampleExchange(2));
    receiver.answer = () => ({ hangUp: true });
    await upload.step(signal);
    meter.exchange(sampleExchange(3));
    receiver.answer = () => ({});
    await upload.step(signal);
    const sums = receiver.requests.map(({ body }) => callsIn(body));
    const values = sums.map(({ dataPoints }) => dataPoints.map((point) => point.asDouble ?? point.asInt));
    // The edge itself sends once more what broke off on a connection that it had used before.
    expect([...new Set(values.map(String))]).toEqual(['0', '2', '3']);
    // AGGREGATION_TEMPORALITY_CUMULATIVE
    expect(sums.map(({ aggregationTemporality }) => aggregationTemporality)).toEqual(sums.map(() => 2));
    expect(new Set(sums.map(({ dataPoints }) => dataPoints[0]?.startTimeUnixNano)).size).toBe(1);
  });

  it('go out once more at the end with what was counted last, but not to a collector that is in trouble', async () => {
    const upload = uploadEvery(60_000);
    await upload.step(signal);
    meter.exchange(sampleExchange(1));
    await upload.finish(signal);
    expect(callsIn(receiver.requests.at(-1)?.body ?? Buffer.alloc(0)).dataPoints[0]?.asDouble).toBe(1);
    const other = uploadEvery(60_000);
    receiver.answer = () => ({ status: 503 });
    await other.step(signal);
    const before = receiver.requests.length;
    await other.finish(signal);
    expect(receiver.requests).toHaveLength(before);
  });
});
