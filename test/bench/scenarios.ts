/** What is measured through each peer. Every scenario returns plain figures; ratios are made from medians later. */
import { once } from 'node:events';
import { chatCall, getCall, Http1Connection, openTls, openTunnel, type Route } from './client.ts';
import { cpuNs, rssMb } from './process-usage.ts';

export interface Subject {
  readonly route: Route;
  readonly pids: readonly number[];
}

export type Figures = Readonly<Record<string, number>>;

const HOST = 'api.openai.com';
/** On no list: what every peer must leave alone. */
const BLIND_HOST = 'blind.bench.test';

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** 1 KB JSON calls on kept-alive connections. */
export async function jsonCalls(subject: Subject, concurrency: number, durationMs: number): Promise<Figures> {
  const request = chatCall(HOST, subject.route.originPort);
  const connections = await Promise.all(
    Array.from({ length: concurrency }, async () => new Http1Connection(await openTls(subject.route, HOST))),
  );
  await warmUp(connections, request);
  const latenciesUs: number[] = [];
  const cpuBefore = cpuNs(subject.pids);
  const endMs = performance.now() + durationMs;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < endMs) {
        const startedMs = performance.now();
        await connection.send(request);
        latenciesUs.push((performance.now() - startedMs) * 1000);
      }
    }),
  );
  const cpuUs = (cpuNs(subject.pids) - cpuBefore) / 1000;
  for (const connection of connections) connection.close();
  return {
    cpuUsPerCall: cpuUs / latenciesUs.length,
    p50Us: percentile(latenciesUs, 0.5),
    p99Us: percentile(latenciesUs, 0.99),
    callsPerSecond: (latenciesUs.length / durationMs) * 1000,
  };
}

/** The first call to hosts that the proxy has not seen: certificate, handshakes, pools. */
export async function newHosts(subject: Subject, count: number, prefix: string): Promise<Figures> {
  const timesMs: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const host = `${prefix}${index}.openai.azure.com`;
    const startedMs = performance.now();
    const connection = new Http1Connection(await openTls(subject.route, host));
    await connection.send(chatCall(host, subject.route.originPort));
    timesMs.push(performance.now() - startedMs);
    connection.close();
  }
  return { firstCallP50Ms: percentile(timesMs, 0.5), firstCallMaxMs: percentile(timesMs, 1) };
}

/** Streamed chat answers: how late each event arrives after the origin wrote it. */
export async function eventStreams(subject: Subject, streams: number, events: number): Promise<Figures> {
  const delaysUs: number[] = [];
  await Promise.all(
    Array.from({ length: streams }, async () => {
      const socket = await openTls(subject.route, HOST);
      let tail = '';
      const finished = new Promise<void>((resolve) => {
        socket.on('data', (chunk: Buffer) => {
          const nowUs = Number(process.hrtime.bigint() / 1000n);
          const lines = (tail + chunk.toString('latin1')).split('\n');
          tail = lines.pop() ?? '';
          for (const line of lines) {
            const sent = /"sentUs":(\d+)/.exec(line);
            if (sent) delaysUs.push(nowUs - Number(sent[1]));
            if (line.includes('[DONE]')) resolve();
          }
        });
        socket.on('close', () => resolve());
      });
      socket.write(chatCall(HOST, subject.route.originPort, { count: events, everyMs: 5 }));
      await finished;
      socket.destroy();
    }),
  );
  return {
    delayP50Us: percentile(delaysUs, 0.5),
    delayP99Us: percentile(delaysUs, 0.99),
    events: delaysUs.length,
  };
}

/** A large download through an untouched tunnel. */
export async function blindTunnel(subject: Subject): Promise<Figures> {
  const route = subject.route;
  const socket = await openTls(route, BLIND_HOST);
  const cpuBefore = cpuNs(subject.pids);
  const startedMs = performance.now();
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= 100 * 1024 * 1024) socket.destroy();
  });
  socket.write(getCall(BLIND_HOST, route.originPort, '/download'));
  await once(socket, 'close');
  const seconds = (performance.now() - startedMs) / 1000;
  return { mbPerSecond: bytes / 1e6 / seconds, cpuMs: (cpuNs(subject.pids) - cpuBefore) / 1e6 };
}

/** What the process costs while nothing happens, a few connections open. */
export async function idle(subject: Subject, durationMs: number): Promise<Figures> {
  const sockets = await Promise.all(Array.from({ length: 10 }, () => openTunnel(subject.route, BLIND_HOST)));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = cpuNs(subject.pids);
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const share = (cpuNs(subject.pids) - before) / 1e6 / durationMs;
  for (const socket of sockets) socket.destroy();
  return { cpuPercent: share * 100, rssMb: rssMb(subject.pids) };
}

const WARM_CALLS = 12_000;
const WARM_MS = 10_000;

/** Until compilers have done their work, or for a fixed time where a proxy is slow: a day's calls are what counts. */
async function warmUp(connections: readonly Http1Connection[], request: Buffer): Promise<void> {
  const endMs = performance.now() + WARM_MS;
  let left = WARM_CALLS;
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0 && performance.now() < endMs) await connection.send(request);
    }),
  );
}
