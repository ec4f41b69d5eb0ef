/** Syslog over real TLS, to servers that behave and to others. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Courier } from '../../../../agent/src/sync/telemetry/courier.ts';
import type { Destination } from '../../../../agent/src/sync/telemetry/destination.ts';
import { createSyslogSink } from '../../../../agent/src/sync/telemetry/sinks/syslog-sink.ts';
import { outboxRecord as record } from '../../../kit/outbox-record.ts';
import { createTestAuthority, type TestAuthority } from '../../../kit/pki.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from '../../../record/support.ts';

const ORIGIN = { host: 'laptop-7', version: '1.2.3', processId: 42 };
type Behaviour = (socket: tls.TLSSocket) => void;

/** Texts of the messages; throws if the frames don't add up (RFC 5425 section 4.3). */
function linesIn(stream: string): string[] {
  let rest = Buffer.from(stream);
  const lines: string[] = [];
  while (rest.length > 0) {
    const space = rest.indexOf(' ');
    const length = Number(rest.subarray(0, space).toString());
    const message = rest.subarray(space + 1, space + 1 + length);
    if (!(length > 0) || message.length < length) throw new Error('a frame is torn');
    lines.push(message.toString().split('\uFEFF')[1] ?? '');
    rest = rest.subarray(space + 1 + length);
  }
  return lines;
}

/** As a load balancer or a crash does it: no goodbye of TLS, no FIN. */
function resetUnder(socket: tls.TLSSocket): void {
  const { _parent: under } = socket as tls.TLSSocket & { readonly _parent?: { resetAndDestroy(): void } };
  if (under === undefined) socket.destroy();
  else under.resetAndDestroy();
}

/** A courier with a real log, whose clock jumps over every wait. */
async function courierTo(destination: Destination) {
  const records = await openTestRecords(temporaryHome().file);
  await records.outbox.open([destination.name]);
  let nowMs = 0;
  const courier = new Courier({
    outbox: records.outbox,
    destination,
    device: { id: 'device-1', publicKeyPem: '', sign: () => new Uint8Array(64) },
    facts: () => ({
      version: '1.2.3',
      state: 'running',
      startedAtMs: SAMPLE_TIME_MS,
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
      degraded: [],
      coverage: [],
    }),
    heartbeatMs: 3_600_000,
    capBytes: 100_000_000,
    uptimeMs: () => nowMs,
    dateMs: () => SAMPLE_TIME_MS + nowMs,
    random: () => 0.5,
  });
  const drain = async (): Promise<void> => {
    const { signal } = new AbortController();
    for (;;) {
      const waitMs = await courier.step(signal);
      if (waitMs > 600_000) return;
      nowMs += waitMs;
    }
  };
  return { records, drain };
}

describe('a syslog server over TLS', () => {
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await createTestAuthority();
  });

  async function server(behave: Behaviour = () => undefined, options: tls.TlsOptions = {}) {
    const received: Buffer[] = [];
    const certificate = await authority.issue({ names: ['localhost'] });
    const listening = tls.createServer({ ...certificate, ...options }, (socket) => {
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.on('error', () => undefined);
      behave(socket);
    });
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    onTestFinished(() => void listening.close());
    const { port } = listening.address() as AddressInfo;
    return { port, text: () => Buffer.concat(received).toString() };
  }

  const sinkFor = (port: number, format: 'entry' | 'cef' = 'entry') =>
    createSyslogSink({
      host: 'localhost',
      port,
      format,
      origin: ORIGIN,
      openTls: async (target) => {
        const socket = tls.connect({ ...target, ca: authority.pem, servername: target.host });
        await once(socket, 'secureConnect');
        return socket;
      },
    });

  it('has every message, framed, before the batch counts as delivered', async () => {
    const { port, text } = await server();
    const records = Array.from({ length: 500 }, (_, index) => record(index + 1));
    expect(await sinkFor(port).deliver(records, AbortSignal.timeout(5_000))).toEqual({
      type: 'delivered',
      rejected: 0,
    });
    expect(linesIn(text())).toEqual(records.map(({ text: line }) => line));
  });

  it.each<[string, Behaviour]>([
    ['breaks off at the first bytes', (socket) => void socket.once('data', () => socket.destroy())],
    ['reads nothing', (socket) => void socket.pause()],
    ['says goodbye at the first bytes', (socket) => void socket.once('data', () => socket.end())],
  ])('that %s has not taken the batch', async (_, behave) => {
    const { port } = await server(behave);
    const big = Array.from({ length: 50 }, (_unused, index) => record(index, { text: 'x'.repeat(100_000) }));
    const result = await sinkFor(port).deliver(big, AbortSignal.timeout(700));
    expect(result).toMatchObject({ type: 'later' });
  });

  it.each<[string, Behaviour]>([
    ['says goodbye before it has read anything', (socket) => void socket.pause().end()],
    ['hangs up before it has read anything', (socket) => void socket.pause().destroy()],
    ['resets the connection', (socket) => void socket.once('data', () => resetUnder(socket))],
    ['resets the connection a moment later', (socket) => void setTimeout(resetUnder, 3, socket)],
  ])('that %s has not taken a batch either that fits into the buffers', async (_, behave) => {
    const { port } = await server(behave);
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await sinkFor(port).deliver([record(1)], AbortSignal.timeout(2_000))).toMatchObject({
        type: 'later',
        problem: { code: 'closed-early', mend: expect.stringContaining('log of the syslog server') },
      });
    }
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that wants a certificate of ours takes nothing (%s)',
    async (version) => {
      const { port } = await server(undefined, { requestCert: true, maxVersion: version });
      expect(await sinkFor(port).deliver([record(1)], AbortSignal.timeout(2_000))).toMatchObject({
        type: 'later',
      });
    },
  );

  it('that breaks off time and again loses nothing: what it did not surely have comes once more', async () => {
    const whole: string[] = [];
    let connections = 0;
    const { port } = await server((socket) => {
      connections++;
      const fails = connections % 3 !== 0;
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (fails) socket.destroy();
      });
      socket.on('end', () => void whole.push(...linesIn(Buffer.concat(chunks).toString())));
    });
    const { records, drain } = await courierTo(sinkFor(port));
    for (let i = 1; i <= 250; i++) records.exchange(sampleExchange(i, { model: `model-${i}` }));
    await records.flush();
    await drain();
    const models = whole.flatMap((line) => /model-\d+/.exec(line)?.[0] ?? []);
    expect(models).toEqual(Array.from({ length: 250 }, (_, index) => `model-${index + 1}`));
    expect(connections).toBeGreaterThanOrEqual(9);
    await records.close();
  });

  it('that nobody trusts gets nothing', async () => {
    const { port, text } = await server();
    const other = await createTestAuthority('Other');
    const sink = createSyslogSink({
      host: 'localhost',
      port,
      format: 'entry',
      origin: ORIGIN,
      openTls: async (target) => {
        const socket = tls.connect({ ...target, ca: other.pem });
        await once(socket, 'secureConnect');
        return socket;
      },
    });
    expect(await sink.deliver([record(1)], AbortSignal.timeout(2_000))).toMatchObject({ type: 'later' });
    expect(text()).toBe('');
  });
});
