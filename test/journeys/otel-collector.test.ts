/**
 * The real OpenTelemetry Collector with the configuration that administrators get. Opt-in: POSTERN_OTELCOL names the
 * binary of a distribution that has the otlp receiver and the prometheus and file exporters, such as otelcol-contrib.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prometheusText } from '../../agent/src/sync/telemetry/metrics/prometheus.ts';
import { runClient } from '../kit/clients.ts';
import { fullMetrics } from '../kit/meter.ts';
import { cleanEnvironment, type Office, openOffice } from '../kit/office.ts';
import { createTestAuthority } from '../kit/pki.ts';

const BINARY = process.env['POSTERN_OTELCOL'];
const CONFIG = path.join(import.meta.dirname, '..', '..', 'docs', 'fleet', 'otel-collector.yaml');
const HOST = 'otel.example.com';
const folder = mkdtempSync(path.join(tmpdir(), 'postern-otelcol-'));
const logFile = path.join(folder, 'postern.jsonl');
let collector: ChildProcess | undefined;
let office: Office | undefined;
let metricsUrl = '';

beforeAll(async () => {
  if (BINARY === undefined) return;
  const authority = await createTestAuthority('Collector Root');
  const { key, cert } = await authority.issue({ names: [HOST] });
  writeFileSync(path.join(folder, 'key.pem'), key);
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  const [port, metricsPort] = [await freePort(), await freePort()];
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
  collector = spawn(BINARY, ['--config', CONFIG], {
    stdio: 'ignore',
    env: {
      POSTERN_TLS_CERT: path.join(folder, 'cert.pem'),
      POSTERN_TLS_KEY: path.join(folder, 'key.pem'),
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      POSTERN_METRICS: `127.0.0.1:${metricsPort}`,
      POSTERN_LOG_FILE: logFile,
    },
  });
  office = await openOffice({
    trust: [authority.pem],
    route: (host) => (host === HOST ? port : undefined),
    config: {
      telemetry: { otlpEndpoint: `https://${HOST}`, metricsIntervalSeconds: 5, heartbeatSeconds: 5 },
    },
  });
}, 60_000);
afterAll(async () => {
  await office?.stop();
  collector?.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

it('takes logs and metrics from the agent as the configuration promises', async (context) => {
  if (BINARY === undefined) return context.skip('POSTERN_OTELCOL names no collector');
  const { ready } = office as Office;
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
  await runClient(
    'curl',
    [
      ...['-sS', '--proxy', ready.proxy, '--cacert', ready.ca, '-H', 'content-type: application/json'],
      ...['-d', body, 'https://api.openai.com/v1/chat/completions'],
    ],
    { env: cleanEnvironment(), timeoutMs: 15_000 },
  );
  await vi.waitFor(
    () => {
      expect(existsSync(logFile)).toBe(true);
      const text = readFileSync(logFile, 'utf8');
      for (const name of ['postern.ai_call', 'postern.heartbeat', 'postern.log-checkpoint']) {
        expect(text).toContain(`"eventName":"${name}"`);
      }
    },
    { timeout: 30_000, interval: 500 },
  );
  const families = (text: string): Set<string> =>
    new Set([...text.matchAll(/^# TYPE (\S+ \S+)$/gm)].map(([, family = '']) => family));
  await vi.waitFor(
    async () => {
      const scraped = await (await fetch(metricsUrl)).text();
      // The names that our own Prometheus text has are those that the collector makes.
      const own = families(prometheusText(await fullMetrics()));
      const theirs = families(scraped);
      for (const family of theirs) expect([...own]).toContain(family);
      for (const name of [
        'postern_calls_total counter',
        'postern_cost_usd_total counter',
        'postern_policy_active gauge',
      ])
        expect([...theirs]).toContain(name);
      expect(scraped).toMatch(/^postern_calls_total\{.*service_instance_id="[0-9a-f]+".*\} 1$/m);
    },
    { timeout: 30_000, interval: 500 },
  );
}, 90_000);

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
