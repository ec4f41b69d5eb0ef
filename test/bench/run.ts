/**
 * `npm run bench`: Postern against its peers in one run, so that ratios hold whatever the machine is doing.
 * Options: `--quick` (shorter), `--only=postern,squid` (peers), `--only=quality` (how well the detectors find things),
 * `--only=fleet` (pushing policy to 100,000 devices), `--skip-proxies` (what needs no sockets).
 * Prints figures, ratios, the design's goals and whether they are met. Never fails a build.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Route } from './client.ts';
import { benchDecisionPath } from './decision-path.ts';
import { benchFleet } from './fleet/run.ts';
import { mitmproxy } from './peers/mitmproxy.ts';
import { httpMitmProxy, mockttp } from './peers/npm-packages.ts';
import type { Peer } from './peers/peer.ts';
import { postern } from './peers/postern.ts';
import { rawTls } from './peers/raw-tls.ts';
import { squid } from './peers/squid.ts';
import { benchQuality } from './quality/run.ts';
import { report } from './report.ts';
import {
  blindTunnel,
  eventStreams,
  type Figures,
  idle,
  jsonCalls,
  newHosts,
  percentile,
  type Subject,
} from './scenarios.ts';

const PEERS: readonly Peer[] = [rawTls, postern, httpMitmProxy, mockttp, mitmproxy, squid];
const HOSTS = ['api.openai.com', 'blind.bench.test', ...azureNames()];
const options = new Set(process.argv.slice(2));
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const quick = options.has('--quick');
const rounds = quick ? 1 : 3;
const callsMs = quick ? 1000 : 2000;

function azureNames(): string[] {
  const names: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 12; index += 1) names.push(`r${round}h${index}.openai.azure.com`);
  }
  return names;
}

/** All peers resolve names by the hosts file; a mount namespace of our own lets us answer for them. */
function insideNamespace(scratch: string): boolean {
  if (process.env['POSTERN_BENCH_INSIDE'] === '1') return true;
  const hosts = path.join(scratch, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost ${HOSTS.join(' ')}\n`);
  const script = `mount --bind ${hosts} /etc/hosts && exec "$0" "$@"`;
  const again = [process.execPath, import.meta.filename, ...process.argv.slice(2)];
  const args = ['-m', 'sh', '-c', script, ...again];
  const withUser = process.getuid?.() === 0 ? args : ['-r', ...args];
  const ran = spawnSync('unshare', withUser, {
    stdio: 'inherit',
    env: { ...process.env, POSTERN_BENCH_INSIDE: '1' },
  });
  if (ran.error || ran.status === null) {
    console.log(
      'The proxy benches need `unshare` (util-linux) to answer for api.openai.com on loopback; only the decision path is measured here.',
    );
    return false;
  }
  process.exitCode = ran.status;
  return false;
}

async function startOrigin(
  scratch: string,
): Promise<{ port: number; caFile: string; ca: string; stop(): void }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'origin.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  const { port, ca } = JSON.parse(line) as { port: number; ca: string };
  const caFile = path.join(scratch, 'origin-ca.pem');
  writeFileSync(caFile, ca);
  return { port, ca, caFile, stop: () => child.kill('SIGKILL') };
}

async function measure(
  subject: Subject,
  round: number,
  blindOnly: boolean,
): Promise<Record<string, Figures>> {
  const figures: Record<string, Figures> = {};
  const step = async (name: string, run: () => Promise<Figures>): Promise<void> => {
    try {
      figures[name] = await run();
    } catch (error) {
      console.log(`    ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await step('tunnel', () => blindTunnel(subject));
  if (blindOnly) return figures;
  await step('c1', () => jsonCalls(subject, 1, callsMs));
  await step('c32', () => jsonCalls(subject, 32, callsMs));
  await step('newHost', () => newHosts(subject, 12, `r${round}h`));
  await step('sse', () => eventStreams(subject, 20, quick ? 60 : 200));
  await step('idle', () => idle(subject, quick ? 3000 : 6000));
  return figures;
}

async function benchProxies(scratch: string): Promise<void> {
  const origin = await startOrigin(scratch);
  const all = new Map<string, Record<string, Figures>[]>();
  const missing: string[] = [];
  const peers: Peer[] = [];
  for (const peer of PEERS) {
    if (only && !only.includes(peer.name)) continue;
    const reason = await peer.prepare();
    if (reason) missing.push(`${peer.name}: ${reason.missing}`);
    else peers.push(peer);
  }
  for (let round = 0; round < rounds; round += 1) {
    const direct: Route = { proxyPort: undefined, originPort: origin.port, ca: [origin.ca] };
    console.log(`round ${round + 1} of ${rounds}`);
    collect(all, 'direct', await measure({ route: direct, pids: [] }, round, false));
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) {
      console.log(`  ${peer.name}`);
      const folder = path.join(scratch, `${peer.name.replaceAll(' ', '-')}-${round}`);
      mkdirSync(folder, { mode: 0o700 });
      try {
        const running = await peer.start({ folder, originCaFile: origin.caFile });
        const route = {
          proxyPort: running.port,
          originPort: origin.port,
          ca: [origin.ca, ...(running.ca ? [running.ca] : [])],
        };
        collect(all, peer.name, await measure({ route, pids: running.pids }, round, false));
        await running.stop();
      } catch (error) {
        missing.push(`${peer.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  origin.stop();
  report(medians(all), missing);
}

function collect(
  all: Map<string, Record<string, Figures>[]>,
  name: string,
  figures: Record<string, Figures>,
): void {
  all.set(name, [...(all.get(name) ?? []), figures]);
}

/** `scenario.figure` → median over the rounds, for each peer. */
function medians(all: Map<string, Record<string, Figures>[]>): Map<string, Record<string, number>> {
  const result = new Map<string, Record<string, number>>();
  for (const [name, runs] of all) {
    const values: Record<string, number[]> = {};
    for (const run of runs) {
      for (const [scenario, figures] of Object.entries(run)) {
        for (const [figure, value] of Object.entries(figures)) {
          const key = `${scenario}.${figure}`;
          values[key] = [...(values[key] ?? []), value];
        }
      }
    }
    result.set(
      name,
      Object.fromEntries(Object.entries(values).map(([key, list]) => [key, percentile(list, 0.5)])),
    );
  }
  return result;
}

const scratch = mkdtempSync(path.join(tmpdir(), 'postern-bench-'));
try {
  const isOutside = process.env['POSTERN_BENCH_INSIDE'] !== '1';
  const noProxies = only?.every((name) => name === 'quality' || name === 'fleet') ?? false;
  if (isOutside && !noProxies) await benchDecisionPath();
  if (isOutside && (only === undefined || only.includes('quality'))) await benchQuality();
  if (isOutside && (only === undefined || only.includes('fleet'))) await benchFleet(quick);
  if (!noProxies && !options.has('--skip-proxies') && insideNamespace(scratch)) await benchProxies(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
