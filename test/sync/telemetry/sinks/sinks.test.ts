/** Syslog over real TLS, and files. */
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { OutboxRecord } from '../../../../agent/src/core/outbox.ts';
import { createFileSink } from '../../../../agent/src/sync/telemetry/sinks/file-sink.ts';
import { octetCounted, syslogMessage } from '../../../../agent/src/sync/telemetry/sinks/rfc5424.ts';
import { createSyslogSink } from '../../../../agent/src/sync/telemetry/sinks/syslog-sink.ts';
import { createTestAuthority, type TestAuthority } from '../../../kit/pki.ts';

const ORIGIN = { host: 'laptop-7', version: '1.2.3', processId: 42 };
const record = (sequence: number, changes: Partial<OutboxRecord> = {}): OutboxRecord => ({
  uid: `uid-${sequence}`,
  sequence,
  atMs: Date.UTC(2026, 10, 26),
  name: 'postern.ai_call',
  severity: 'warning',
  text: `line ${sequence}`,
  attributes: {},
  ...changes,
});

describe('a syslog message', () => {
  it('has the header, structured data and text of RFC 5424', () => {
    const text = syslogMessage(
      record(7, {
        text: 'two\nlines',
        attributes: { 'postern.rules': ['a=block', 'b]="\\'], 'postern.cause': undefined },
      }),
      ORIGIN,
    );
    expect(text).toBe(
      '<108>1 2026-11-26T00:00:00.000Z laptop-7 postern 42 postern.ai_call [meta sequenceId="7"]' +
        '[origin software="postern" swVersion="1.2.3"][postern@32473 uid="uid-7" rules="a=block,b\\]=\\"\\\\"] \uFEFFtwo lines',
    );
  });

  it('is counted in octets, not characters (RFC 5425)', () => {
    expect(octetCounted('é🙂').toString()).toBe('6 é🙂');
  });

  it('keeps its words within what the header allows', () => {
    const text = syslogMessage(record(1, { name: `postern.${'x'.repeat(50)}` }), {
      ...ORIGIN,
      host: 'mein läptop',
    });
    expect(text.split(' ').slice(2, 6)).toEqual([
      'mein_l_ptop',
      'postern',
      '42',
      `postern.${'x'.repeat(24)}`,
    ]);
  });
});

describe('a syslog server over TLS', () => {
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await createTestAuthority();
  });

  async function server(behave: (socket: tls.TLSSocket) => void = () => undefined) {
    const received: Buffer[] = [];
    const listening = tls.createServer({ ...(await authority.issue({ names: ['localhost'] })) }, (socket) => {
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
    let rest = Buffer.from(text());
    const messages: string[] = [];
    while (rest.length > 0) {
      const space = rest.indexOf(' ');
      const length = Number(rest.subarray(0, space).toString());
      messages.push(rest.subarray(space + 1, space + 1 + length).toString());
      rest = rest.subarray(space + 1 + length);
    }
    expect(messages.map((message) => message.split('\uFEFF')[1])).toEqual(
      records.map(({ text: line }) => line),
    );
  });

  it.each([
    ['breaks off', (socket: tls.TLSSocket) => void socket.once('data', () => socket.destroy())],
    ['reads nothing', (socket: tls.TLSSocket) => void socket.pause()],
  ])('that %s has not taken the batch', async (_, behave) => {
    const { port } = await server(behave);
    const big = Array.from({ length: 50 }, (_unused, index) => record(index, { text: 'x'.repeat(100_000) }));
    const result = await sinkFor(port).deliver(big, AbortSignal.timeout(700));
    expect(result).toMatchObject({ type: 'later' });
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

describe('a file', () => {
  const folder = (): string => {
    const made = mkdtempSync(path.join(tmpdir(), 'postern-sink-'));
    onTestFinished(() => {
      chmodSync(made, 0o700);
      rmSync(made, { recursive: true, force: true });
    });
    return made;
  };
  const sinkFor = (file: string, changes = {}) =>
    createFileSink({ file, format: 'jsonl', maxBytes: 1_000, keep: 2, line: ({ text }) => text, ...changes });
  const signal = AbortSignal.timeout(5_000);

  it('gets a line for each record, is private, and is rotated', async () => {
    const file = path.join(folder(), 'postern.log');
    const sink = sinkFor(file);
    for (let round = 0; round < 8; round++) {
      const records = [1, 2].map((number) =>
        record(number, { text: `${round}.${number} ${'x'.repeat(300)}` }),
      );
      expect(await sink.deliver(records, signal)).toEqual({ type: 'delivered', rejected: 0 });
    }
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['postern.log', 'postern.log.1', 'postern.log.2']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = ['.2', '.1', ''].flatMap((suffix) =>
      readFileSync(file + suffix, 'utf8')
        .trim()
        .split('\n'),
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      [2, 3, 4, 5, 6, 7].flatMap((round) => [`${round}.1`, `${round}.2`]),
    );
  });

  it('keeps what an interrupted write left behind apart from the next line', async () => {
    const file = path.join(folder(), 'postern.log');
    writeFileSync(file, '{"half', { mode: 0o600 });
    await sinkFor(file).deliver([record(1)], signal);
    expect(readFileSync(file, 'utf8')).toBe('{"half\nline 1\n');
  });

  it('is not followed through a link, and a folder that is missing is named', async () => {
    const place = folder();
    symlinkSync('/etc/hostname', path.join(place, 'link'));
    expect(await sinkFor(path.join(place, 'link')).deliver([record(1)], signal)).toMatchObject({
      type: 'later',
    });
    expect(await sinkFor(path.join(place, 'none', 'log')).deliver([record(1)], signal)).toMatchObject({
      type: 'later',
      problem: { code: 'file-unwritable', mend: expect.stringContaining('none/log') },
    });
  });
});
