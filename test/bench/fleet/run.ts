/**
 * A hundred thousand devices that poll one static server: what it serves, what a poll and a push cost in bytes, and how
 * long a push takes until it is live. `npm run bench -- --only=fleet`. Polls and their server are real (plain HTTP on
 * loopback); a device's own part (verify, compile) is measured with the real source and added.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleSource, readPolicySource } from '../../../agent/src/main/active-policy.ts';
import { loadStarter } from '../../../policies/starter/starter.ts';
import { openPolicyDevice } from '../../kit/policy-device.ts';
import { openPublisher, type Publisher, readPublished } from '../../kit/publisher.ts';
import { cpuNs } from '../process-usage.ts';
import { percentile } from '../scenarios.ts';
import { openWires } from './wire.ts';

const DEVICES = 100_000;
const POLL_MS = 60_000;
const JITTER = 0.1;
const CONNECTIONS = 128;

export async function benchFleet(quick: boolean): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-fleet-'));
  const publisher = await openPublisher(folder);
  const policy = loadStarter('baseline').text;
  await publisher.push(policy);
  const server = await startServer(publisher.directory);
  console.log(
    `\nFleet: ${DEVICES.toLocaleString('en')} devices, ${POLL_MS / 1000} s, one static server in Node`,
  );
  try {
    const capacity = await closedLoop(server, quick ? 1500 : 3000);
    const served = await polls(server, publisher, policy, quick ? 5000 : 12_000);
    const device = await oneDevice(folder, publisher, policy, server, quick ? 5 : 10);
    untilLive(served.pushMs, device, capacity.perCore);
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Server {
  readonly port: number;
  readonly pid: number;
  reload(): Promise<void>;
  stop(): void;
}

async function startServer(directory: string): Promise<Server> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'server.runner.ts'), directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const line = (): Promise<string> => new Promise((resolve) => lines.once('line', resolve));
  const port = Number(await line());
  return {
    port,
    pid: child.pid ?? 0,
    async reload() {
      const loaded = line();
      child.stdin.write('again\n');
      await loaded;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/**
 * What the server can do at most: polls without news, and polls that fetch the timestamp. Its own CPU time per answer
 * says what a core of its own would serve, whatever else this machine is doing.
 */
async function closedLoop(server: Server, forMs: number): Promise<{ perCore: number }> {
  const wires = openWires(server.port, CONNECTIONS);
  const { etag } = await wires.get('/timestamp.json', undefined);
  const rate = async (condition: string | undefined): Promise<{ perSecond: number; perCore: number }> => {
    const cpuBefore = cpuNs([server.pid]);
    const start = performance.now();
    const end = start + forMs / 2;
    let calls = 0;
    const worker = async (): Promise<void> => {
      while (performance.now() < end) {
        await wires.get('/timestamp.json', condition);
        calls += 1;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    const perSecond = (calls / (performance.now() - start)) * 1000;
    return { perSecond, perCore: calls / ((cpuNs([server.pid]) - cpuBefore) / 1e9) };
  };
  const idle = await rate(etag);
  const news = await rate(undefined);
  wires.close();
  const say = (what: string, { perSecond, perCore }: { perSecond: number; perCore: number }): void =>
    row(what, `${round(perSecond)} /s`, `by its CPU time ${round(perCore)} /s for each core`);
  say('served here, polls without news', idle);
  say('served here, files', news);
  return { perCore: news.perCore };
}

/** When each device looks: 60 s ± 10 % after its last look, begun at any moment. Sorted, for the first `forMs`. */
function schedule(forMs: number): { readonly atMs: number; readonly device: number }[] {
  const looks: { atMs: number; device: number }[] = [];
  for (let device = 0; device < DEVICES; device += 1) {
    const interval = POLL_MS * (1 + JITTER * (2 * Math.random() - 1));
    for (let atMs = Math.random() * interval; atMs < forMs; atMs += interval) looks.push({ atMs, device });
  }
  return looks.sort((a, b) => a.atMs - b.atMs);
}

/** The schedule in real time, with a push a third into it: every device that looks after it fetches what is new. */
async function polls(
  server: Server,
  publisher: Publisher,
  policy: string,
  forMs: number,
): Promise<{ pushMs: readonly number[] }> {
  const wires = openWires(server.port, CONNECTIONS);
  const { etag } = await wires.get('/timestamp.json', undefined);
  const looks = schedule(forMs);
  const latency: number[] = [];
  const pushMs: number[] = [];
  const pollBytes: number[] = [];
  const pushBytes: number[] = [];
  let files: readonly string[] = [];
  const look = async (due: number): Promise<void> => {
    const reply = await wires.get('/timestamp.json', etag);
    latency.push(performance.now() - due);
    if (reply.status === 304) return void pollBytes.push(reply.wireBytes);
    let bytes = reply.wireBytes;
    for (const file of files) bytes += (await wires.get(file, undefined)).wireBytes;
    pushBytes.push(bytes);
    pushMs.push(performance.now() - due);
  };
  const cpuBefore = cpuNs([server.pid]);
  const start = performance.now();
  let cpuIdle = 0;
  let idleUntil = 0;
  const running: Promise<void>[] = [];
  for (const { atMs } of looks) {
    while (performance.now() - start < atMs) await sleep(1);
    if (idleUntil === 0 && atMs > forMs / 3) {
      idleUntil = performance.now() - start;
      cpuIdle = cpuNs([server.pid]) - cpuBefore;
      await publisher.push(policy.replace(/^name: .*$/m, 'name: pushed'));
      files = filesOf(publisher.directory);
      await server.reload();
    }
    running.push(look(start + atMs));
  }
  await Promise.all(running);
  const cpuPush = cpuNs([server.pid]) - cpuBefore - cpuIdle;
  const all = performance.now() - start;
  wires.close();
  row(
    'asked by the schedule',
    `${round((looks.length / forMs) * 1000)} /s`,
    `${looks.length.toLocaleString('en')} looks`,
  );
  row('poll without news', `${round(percentile(pollBytes, 0.5))} bytes`, 'both ways, above TCP and TLS');
  row(
    'poll, p50 / p99',
    `${ms(percentile(latency, 0.5))} / ${ms(percentile(latency, 0.99))}`,
    'from the moment it was due',
  );
  row("server's CPU for polls", `${((cpuIdle / 1e6 / idleUntil) * 100).toFixed(0)} % of a core`, '');
  row(
    "server's CPU during a push",
    `${((cpuPush / 1e6 / (all - idleUntil)) * 100).toFixed(0)} % of a core`,
    '',
  );
  row('push, per device', `${round(percentile(pushBytes, 0.5))} bytes`, `${files.length + 1} files`);
  row(
    'push, fetched p50 / p99',
    `${ms(percentile(pushMs, 0.5))} / ${ms(percentile(pushMs, 0.99))}`,
    `${pushMs.length.toLocaleString('en')} devices, after their look`,
  );
  return { pushMs };
}

/** What a device fetches for a push besides the timestamp. */
function filesOf(directory: string): readonly string[] {
  type Meta = { signed: { meta: Record<string, { version: number }> } };
  const snapshot = readPublished<Meta>(directory, 'timestamp.json').signed.meta['snapshot.json']?.version;
  const targets = readPublished<Meta>(directory, `${snapshot}.snapshot.json`).signed.meta['targets.json']
    ?.version;
  type Targets = { signed: { targets: Record<string, { hashes: { sha256: string } }> } };
  const signed = readPublished<Targets>(directory, `${targets}.targets.json`).signed.targets;
  return [
    '/2.root.json',
    `/${snapshot}.snapshot.json`,
    `/${targets}.targets.json`,
    ...Object.entries(signed).map(([name, { hashes }]) => `/targets/${hashes.sha256}.${name}`),
  ];
}

/** The real source, push after push: fetch, verify, write, compile. */
async function oneDevice(
  folder: string,
  publisher: Publisher,
  policy: string,
  server: Server,
  rounds: number,
): Promise<readonly number[]> {
  const device = openPolicyDevice(
    path.join(folder, 'home'),
    { url: `http://127.0.0.1:${server.port}/`, rootFingerprint: publisher.fingerprint },
    {
      activate: async (release) => {
        const reading = await readPolicySource(bundleSource(release));
        return reading.ok ? { type: 'active' } : { type: 'refused', why: reading.problems[0]?.message ?? '' };
      },
    },
  );
  await device.check();
  const took: number[] = [];
  let cpuUs = 0;
  for (let each = 0; each < rounds; each += 1) {
    await publisher.push(policy.replace(/^name: .*$/m, `name: round-${each}`));
    await server.reload();
    const before = performance.now();
    const cpuBefore = process.cpuUsage();
    const trouble = await device.check();
    took.push(performance.now() - before);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuUs += user + system;
    if (trouble !== undefined) throw new Error(`the device says: ${trouble}`);
  }
  device.source.close();
  row(
    'one device: fetch, verify, compile',
    `${ms(percentile(took, 0.5))} / ${ms(percentile(took, 0.99))}`,
    `p50 / p99; CPU ${ms(cpuUs / 1000 / rounds)}`,
  );
  return took;
}

function untilLive(pushMs: readonly number[], device: readonly number[], filesPerSecond: number): void {
  const pick = (list: readonly number[]): number => list[Math.floor(Math.random() * list.length)] ?? 0;
  const seen = new Set<number>();
  const live: number[] = [];
  for (const { atMs, device: one } of schedule(POLL_MS * (1 + JITTER))) {
    if (seen.has(one)) continue;
    seen.add(one);
    live.push(atMs + pick(pushMs) + pick(device));
  }
  row(
    'push until live, by polling',
    `${seconds(percentile(live, 0.5))} / ${seconds(percentile(live, 0.99))}`,
    'p50 / p99; until the next look',
  );
  const perDevice = (5 / filesPerSecond) * 1000;
  const hinted = Array.from(
    { length: DEVICES },
    (_, index) => Math.max(Math.random() * 400, index * perDevice) + pick(device),
  );
  row(
    'push until live, by hints',
    `${seconds(percentile(hinted, 0.5))} / ${seconds(percentile(hinted, 0.99))}`,
    'all at once from one core of one server: what it can serve decides',
  );
}

const round = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
const row = (what: string, value: string, note: string): void =>
  console.log(`  ${what.padEnd(38)} ${value.padStart(22)}  ${note}`);
