/** The real agent and a real collector over TLS: what arrives, what survives, and what a changed log looks like from outside. */

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runClient } from '../kit/clients.ts';
import {
  cleanEnvironment,
  liveLookingAwsKey,
  type Office,
  type OfficeOptions,
  openOffice,
} from '../kit/office.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../kit/otlp-receiver.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';

const COLLECTOR = 'otel.example.com';
let authority: TestAuthority;
let collector: OtlpReceiver;
const offices: Office[] = [];

beforeAll(async () => {
  authority = await createTestAuthority('Collector Root');
});
beforeEach(async () => {
  collector = await startOtlpReceiver(await authority.issue({ names: [COLLECTOR] }));
});
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop();
  await collector.close();
});

const TELEMETRY = {
  otlpEndpoint: `https://${COLLECTOR}/`,
  otlpProtocol: 'http/json',
  headers: { authorization: 'Bearer collector-token' },
  heartbeatSeconds: 5,
  metricsIntervalSeconds: 5,
};

async function office(telemetry: object = TELEMETRY, options: OfficeOptions = {}): Promise<Office> {
  const opened = await openOffice({
    trust: [authority.pem],
    route: (host) => (host === COLLECTOR ? collector.port : undefined),
    config: { telemetry },
    ...options,
  });
  offices.push(opened);
  return opened;
}

const ask = ({ ready }: Office, content: string, model = 'gpt-4o-mini') =>
  runClient(
    'curl',
    [
      ...['-sS', '--max-time', '10', '--proxy', ready.proxy, '--cacert', ready.ca],
      ...['-H', 'content-type: application/json'],
      ...['-d', JSON.stringify({ model, messages: [{ role: 'user', content }] })],
      'https://api.openai.com/v1/chat/completions',
    ],
    { env: cleanEnvironment(), timeoutMs: 15_000 },
  );

const named = (name: string) => collector.logs.filter((log) => log.name === name);
const arrived = (name: string, count = 1) =>
  vi.waitFor(() => expect(named(name).length).toBeGreaterThanOrEqual(count), {
    timeout: 20_000,
    interval: 100,
  });

interface Status {
  readonly telemetry?: {
    readonly destinations: readonly Record<string, unknown>[];
    readonly metrics: object;
  };
}
const statusOf = async (where: Office): Promise<Status> =>
  JSON.parse((await where.postern(['status', '--json'])).stdout) as Status;

describe('telemetry', () => {
  it('brings calls, heartbeats, signed heads and metrics to the collector, and says so in status', async () => {
    const here = await office();
    await ask(here, 'hello');
    await ask(here, `my key is ${liveLookingAwsKey()}`);
    await arrived('postern.ai_call', 2);
    const [allowed, blocked] = named('postern.ai_call');
    expect(allowed).toMatchObject({
      severity: 9,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o-mini',
        'postern.effective': 'allow',
        'log.record.uid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
      resource: {
        'service.name': 'postern',
        'service.version': expect.any(String),
        'os.type': expect.any(String),
      },
    });
    expect(blocked?.attributes).toMatchObject({ 'postern.effective': 'block' });
    await arrived('postern.heartbeat', 2);
    expect(named('postern.heartbeat').at(-1)?.attributes).toMatchObject({
      'postern.policy.revision': here.ready.policy.revision,
      'postern.coverage': ['curl openai governed=2 tunnelled=0 uncovered=0'],
      'postern.outbox.dropped': 0,
    });
    await vi.waitFor(() => expect(collector.metrics.get('postern.calls')?.points).toHaveLength(2), {
      timeout: 15_000,
    });
    expect(collector.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer collector-token',
      'content-encoding': 'gzip',
      signature: expect.stringMatching(/^postern=:/),
    });
    const { telemetry } = await statusOf(here);
    expect(telemetry).toMatchObject({
      destinations: [{ name: 'otlp', state: 'ok', waitingRecords: 0, dropped: 0, rejected: 0 }],
    });
    const shown = await here.postern(['status']);
    expect(shown.stdout).toMatch(/telemetry\s+otlp ok, last delivery/);
    expect(shown.stdout + here.log()).not.toContain('collector-token');
  }, 60_000);

  it('shows outside what was done to the log: a head from the collector against a log that was changed', async () => {
    const here = await office();
    for (let i = 0; i < 3; i++) await ask(here, `call ${i}`);
    await arrived('postern.ai_call', 3);
    await vi.waitFor(() => {
      const sizes = named('postern.log-checkpoint').map(({ attributes }) =>
        Number(attributes['postern.log.size']),
      );
      expect(Math.max(...sizes)).toBeGreaterThanOrEqual(4);
    }, 20_000);
    const checkpoint = named('postern.log-checkpoint').at(-1);
    await here.postern(['stop']);
    const heads = path.join(here.folder, 'heads.jsonl');
    writeFileSync(heads, `${checkpoint?.text}\n`);
    const whole = await here.postern(['audit', 'verify', '--heads', heads]);
    expect(whole.stdout).toContain('whole');
    expect(whole.code).toBe(0);
    // Everything that an attacker with the whole home could do: cut the end off and remove all that speaks of it.
    const database = new SqliteDatabase(path.join(here.home, 'postern.db'));
    const cut = database.prepare('SELECT min(size) FROM heads').pluck().get();
    for (const table of ['audit', 'exchanges'])
      database.prepare(`DELETE FROM ${table} WHERE sequence > ?`).run(cut);
    database.prepare('DELETE FROM heads WHERE size > ?').run(cut);
    database.close();
    const changed = await here.postern(['audit', 'verify', '--heads', heads]);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/end is missing: \d+ records were signed/);
  }, 60_000);

  it('survives SIGKILL in the middle of a delivery: nothing is lost, and what comes twice has the same id', async () => {
    let here = await office();
    await ask(here, 'before');
    await arrived('postern.ai_call', 1);
    // The collector takes the batch, but the agent dies before it hears so.
    const taken = Promise.withResolvers<void>();
    collector.answer = async ({ body }) => {
      if (!body.includes('postern.ai_call')) return {};
      taken.resolve();
      await sleep(3_000);
      return { hangUp: true };
    };
    for (let i = 0; i < 3; i++) await ask(here, `call ${i}`);
    await taken.promise;
    here.agent.kill('SIGKILL');
    await sleep(3_500);
    collector.answer = () => ({});
    here = await office(TELEMETRY, { home: here.home });
    await ask(here, 'after');
    const exported = (await here.postern(['audit', 'export'])).stdout.trim().split('\n');
    const calls = exported
      .map((line) => JSON.parse(line) as { kind: string; sequence: number })
      .filter(({ kind }) => kind === 'exchange')
      .map(({ sequence }) => sequence);
    await vi.waitFor(() => {
      const sequences = named('postern.ai_call').map(({ attributes }) =>
        Number(attributes['postern.sequence']),
      );
      expect([...new Set(sequences)].sort((a, b) => a - b)).toEqual(calls);
      expect(sequences.length).toBeGreaterThan(calls.length);
    }, 20_000);
    const uids = named('postern.ai_call').map(({ attributes }) => attributes['log.record.uid']);
    expect(new Set(uids).size).toBe(calls.length);
  }, 60_000);

  it('says in status why nothing arrives, and what to do', async () => {
    collector.answer = () => ({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<h1>Sign in</h1>',
    });
    const here = await office();
    await vi.waitFor(async () => {
      const { telemetry } = await statusOf(here);
      expect(telemetry?.destinations[0]).toMatchObject({
        state: 'failing',
        problem: { code: 'not-a-collector', mend: expect.stringContaining('Sign in') },
      });
    }, 20_000);
    const shown = await here.postern(['status']);
    expect(shown.stdout).toMatch(/Something else than an OTLP collector answers/);
  }, 60_000);

  it('sets a record aside that the collector refuses, brings the rest, and keeps telling of it', async () => {
    collector.answer = ({ body }) => (body.includes('a-model-it-hates') ? { status: 400 } : {});
    const here = await office();
    await ask(here, 'before');
    await ask(here, 'refused', 'a-model-it-hates');
    await ask(here, 'after');
    await vi.waitFor(async () => {
      const { telemetry } = await statusOf(here);
      expect(telemetry?.destinations[0]).toMatchObject({
        state: 'ok',
        failuresInRow: 0,
        waitingRecords: 0,
        rejected: 1,
        lastRefusal: { records: 1, sequence: expect.any(Number), problem: { code: 'unacceptable' } },
      });
    }, 30_000);
    expect(named('postern.ai_call').map(({ attributes }) => attributes['gen_ai.request.model'])).toEqual([
      'gpt-4o-mini',
      'gpt-4o-mini',
    ]);
    const shown = await here.postern(['status']);
    expect(named('postern.telemetry-unacceptable')).toEqual([]);
    expect(shown.stdout).toMatch(/otlp refused 1 record for good, last at .* \(record \d+ of the log\)/);
  }, 60_000);

  it('gives its metrics as Prometheus text to whoever has the token, also without a collector', async () => {
    const here = await office({});
    expect((await here.postern(['metrics'])).stdout).toContain('postern_policy_active{');
    await ask(here, 'hello');
    const { stdout } = await here.postern(['metrics']);
    expect(stdout).toMatch(/^postern_calls_total\{.*postern_effective="allow".*\} 1$/m);
    expect(stdout).toMatch(/^postern_latency_added_seconds_count 1$/m);
    expect((await statusOf(here)).telemetry).toBeUndefined();
  }, 60_000);

  it('goes to syslog over TLS and into files, with nobody in it where a works council has a say', async () => {
    const received: Buffer[] = [];
    const { key, cert } = await authority.issue({ names: ['siem.example.com'] });
    const siem = tls.createServer({ key, cert }, (socket) => {
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.on('error', () => undefined);
    });
    siem.listen(0, '127.0.0.1');
    await once(siem, 'listening');
    const { port } = siem.address() as AddressInfo;
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-sink-'));
    const file = path.join(folder, 'postern.ocsf');
    const here = await office(
      {
        ...TELEMETRY,
        worksCouncil: true,
        sinks: [
          { type: 'syslog', host: 'siem.example.com' },
          { type: 'file', path: file, format: 'ocsf' },
        ],
      },
      {
        route: (host, asked) => {
          if (host === 'siem.example.com' && asked === 6514) return port;
          return host === COLLECTOR ? collector.port : undefined;
        },
      },
    );
    await ask(here, 'hello');
    await ask(here, `my key is ${liveLookingAwsKey()}`);
    await arrived('postern.ai_call');
    await arrived('postern.heartbeat', 3);
    const syslog = () => Buffer.concat(received).toString();
    await vi.waitFor(() => {
      expect(syslog()).toMatch(/^\d+ <\d+>1 .* postern \d+ postern\.device-key-made \[meta sequenceId="1"\]/);
      expect(syslog()).toContain(' postern.agent-started ');
      expect(syslog()).toMatch(/postern\.ai_call .*effective="block"/);
      expect(syslog()).toMatch(/postern\.log-checkpoint .*log\.root="[0-9a-f]{64}"/);
      const events = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(events.filter(({ class_uid }) => class_uid === 6003)).toHaveLength(1);
      expect(events.map(({ activity_name }) => activity_name)).toContain('heartbeat');
    }, 20_000);
    const told = [
      syslog(),
      readFileSync(file, 'utf8'),
      ...collector.requests.map(({ body }) => body.toString()),
    ].join('\n');
    // As a word of its own: two letters stand in many a signature.
    expect(told).not.toMatch(new RegExp(`(?<![\\w+/=-])${hostname()}(?![\\w+/=-])`));
    const people = [
      ...told.matchAll(/(?:user\.name=|"user":\{"name":|"user\.name","value":\{"stringValue":)"([^"]+)"/g),
    ];
    expect(people.length).toBeGreaterThanOrEqual(3);
    for (const [, name] of people) expect(name).toMatch(/^person-[0-9a-f]{12}$/);
    expect(named('postern.ai_call')).toHaveLength(1);
    expect(named('postern.ai_call')[0]?.attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
    expect(collector.metrics.get('postern.calls')).toBeUndefined();
    expect((await statusOf(here)).telemetry).toMatchObject({
      worksCouncil: true,
      destinations: [
        { name: 'otlp' },
        { name: 'syslog:siem.example.com:6514', state: 'ok' },
        { state: 'ok' },
      ],
    });
    siem.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
});
