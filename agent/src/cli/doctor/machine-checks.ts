import fs from 'node:fs';
import path from 'node:path';
import { isLoopbackHttp } from '../../core/http.ts';
import { instanceLockHolder } from '../../platform/instance-lock.ts';
import { PlatformError } from '../../platform/platform-error.ts';
import { ensurePrivateDirectory } from '../../platform/private-files.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import { baseUrlsOf } from '../../sync/gateways/config.ts';
import { canConnect, canResolve, canTunnel } from '../../sync/probes.ts';
import { bytes } from '../format.ts';
import { CommandFailure } from '../ports.ts';
import type { Check, CheckResult } from './check.ts';
import { reach } from './reach.ts';

const WARN_FREE_BYTES = 500e6;
const FAIL_FREE_BYTES = 50e6;
const TIMEOUT_MS = 3000;

export const checkHome: Check = async ({ files }) => {
  const name = 'home';
  if (!fs.existsSync(files.directory)) {
    return [{ name, state: 'ok', why: `${files.directory} will be made at the first start` }];
  }
  try {
    ensurePrivateDirectory(files.directory);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return [{ name, state: 'fail', why: error.message, mend: error.mend }];
  }
  const open = openFiles([files.caKeyFile, files.auditKeyFile, files.tokenFile, files.databaseFile]);
  if (open.length > 0) {
    return [
      { name, state: 'fail', why: `others can read ${open.join(', ')}`, mend: `chmod 600 ${open.join(' ')}` },
    ];
  }
  return [{ name, state: 'ok', why: `${files.directory} is yours alone` }];
};

const openFiles = (candidates: readonly string[]): string[] =>
  process.platform === 'win32'
    ? []
    : candidates.filter((file) => ((fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);

export const checkLock: Check = async ({ files, status }) => {
  const holder = instanceLockHolder(files.lockFile);
  if (holder === undefined || status) return [];
  const mend = `End process ${holder}, then \`postern start\`.`;
  return [{ name: 'agent', state: 'fail', why: `process ${holder} holds the lock but doesn't answer`, mend }];
};

export const checkDisk: Check = async ({ files }) => {
  let folder = files.directory;
  while (!fs.existsSync(folder)) folder = path.dirname(folder);
  const { bavail, bsize } = fs.statfsSync(folder);
  const free = bavail * bsize;
  const state = free < FAIL_FREE_BYTES ? 'fail' : free < WARN_FREE_BYTES ? 'warn' : 'ok';
  const mend = state === 'ok' ? undefined : 'Free some space: the audit log needs it.';
  return [{ name: 'disk', state, why: `${bytes(free)} free`, mend }];
};

/** Certificates fail on a clock that is off; a clock before this version was written certainly is. */
const WRITTEN_AT_MS = Date.UTC(2026, 10, 23);

export const checkClock: Check = async ({ files }) => {
  const now = Date.now();
  const caMadeAtMs = fs.statSync(files.caFile, { throwIfNoEntry: false })?.mtimeMs;
  const behind = now < WRITTEN_AT_MS || (caMadeAtMs !== undefined && now < caMadeAtMs - 60_000);
  const why = new Date(now).toString();
  if (behind)
    return [{ name: 'clock', state: 'fail', why: `${why} lies in the past`, mend: 'Set the clock.' }];
  return [{ name: 'clock', state: 'ok', why }];
};

/** Any name that every policy cares about would do; this one is in the catalogue. */
const NAME_TO_RESOLVE = 'api.anthropic.com';

export const checkNetwork: Check = async ({ config }) => {
  const proxy = config?.config.upstream.proxy;
  if (proxy) return [await checkUpstreamProxy(proxy)];
  const probe = await canResolve(NAME_TO_RESOLVE, TIMEOUT_MS);
  if (probe.ok) return [{ name: 'DNS', state: 'ok', why: `${NAME_TO_RESOLVE} resolves` }];
  return [
    {
      name: 'DNS',
      state: 'warn',
      why: `${NAME_TO_RESOLVE} does not resolve (${probe.why})`,
      mend: 'Check the network. Behind a company proxy, set upstream.proxy.',
    },
  ];
};

/** The URL may hold a password: only host and port are ever shown. */
async function checkUpstreamProxy(proxy: string): Promise<CheckResult> {
  const name = 'upstream proxy';
  const { host } = new URL(proxy);
  const probe = await canTunnel(proxy, NAME_TO_RESOLVE, 443, TIMEOUT_MS);
  if (probe.ok && probe.value === 200)
    return { name, state: 'ok', why: `${host} lets ${NAME_TO_RESOLVE} through` };
  if (probe.ok && probe.value === 407) {
    const mend = 'Put the right user and password into upstream.proxy (http://user:pass@host:port).';
    return { name, state: 'fail', why: `${host} does not accept the credentials`, mend };
  }
  if (probe.ok) {
    const mend = 'Ask the people who run that proxy to allow the AI hosts that the policy allows.';
    return { name, state: 'warn', why: `${host} answers ${probe.value} for ${NAME_TO_RESOLVE}`, mend };
  }
  const mend = 'Check upstream.proxy in the configuration, and that you are on the company network.';
  return { name, state: 'fail', why: `${host} can't be reached: ${probe.why}`, mend };
}

/** As the agent tells of each base URL; without one, as it would go there: through the company proxy if there is one. */
export const checkGateway: Check = async ({ config, status }) => {
  const gateway = config?.config.gateway;
  if (gateway === undefined) return [];
  const proxy = config?.config.upstream.proxy;
  const seen = new Map(status?.gateway?.endpoints.map((one) => [new URL(one.url).href, one]));
  return Promise.all(
    baseUrlsOf(gateway).map((text) => {
      const url = new URL(text);
      const one = seen.get(url.href);
      return one === undefined || one.state === 'unknown'
        ? reachGateway(url, isLoopbackHttp(url) ? undefined : proxy)
        : gatewaySeen(url.host, one);
    }),
  );
};

type Endpoint = NonNullable<AgentStatus['gateway']>['endpoints'][number];

function gatewaySeen(host: string, { state, cause, latencyMs }: Endpoint): CheckResult {
  const name = 'gateway';
  if (state !== 'down') {
    const pace = latencyMs === undefined ? '' : ` in ${Math.round(latencyMs)} ms`;
    return { name, state: 'ok', why: `${host} answers${pace}` };
  }
  const mend = 'See `postern status` for what to do; while another base URL answers, calls go there.';
  return { name, state: 'fail', why: `${host} can't be used: ${cause ?? 'no answer'}`, mend };
}

async function reachGateway(url: URL, proxy: string | undefined): Promise<CheckResult> {
  const why = await reach(url, proxy);
  if (why === undefined) return { name: 'gateway', state: 'ok', why: `${url.host} can be reached` };
  const mend = 'Check gateway.baseUrl and the network; a private address may need the company VPN.';
  return { name: 'gateway', state: 'fail', why: `${url.host} can't be reached: ${why}`, mend };
}

/** Only while no agent runs: then nobody may sit on its port. */
export const checkPort: Check = async ({ config, status }) => {
  const listen = config?.config.listen;
  if (status || listen === undefined || listen.port === 0) return [];
  const place = `${listen.host}:${listen.port}`;
  const probe = await canConnect(listen.host, listen.port, TIMEOUT_MS);
  if (!probe.ok) return [{ name: 'port', state: 'ok', why: `${place} is free` }];
  const mend = `End that program (ss -ltnp or lsof -i :${listen.port} names it), or set listen.port to another one.`;
  return [{ name: 'port', state: 'fail', why: `another program listens on ${place}`, mend }];
};

/** A full proof reads the whole log; beyond this size it is left to `audit verify`. */
const VERIFY_UP_TO_BYTES = 64e6;

export const checkDatabase: Check = async ({ context, files, place }) => {
  const name = 'database';
  const results: CheckResult[] = [];
  const folder = fs.existsSync(files.directory) ? fs.readdirSync(files.directory) : [];
  const damaged = folder.filter((file) => /^postern\.db\.corrupt-[^.]*$/.test(file));
  if (damaged.length > 0) {
    const mend = `Give it to your security team, then move it out of ${files.directory}.`;
    results.push({ name, state: 'warn', why: `a damaged one was set aside: ${damaged.join(', ')}`, mend });
  }
  const size = fs.statSync(files.databaseFile, { throwIfNoEntry: false })?.size;
  if (size === undefined) return [...results, { name, state: 'ok', why: 'will be made at the first start' }];
  try {
    await context.commands.auditTail(place, 1);
    if (size > VERIFY_UP_TO_BYTES) {
      const why = `${bytes(size)}, can be read; \`postern audit verify\` proves the whole log`;
      return [...results, { name, state: 'ok', why }];
    }
    const { ok, records, problems } = await context.commands.auditVerify(place);
    if (ok) return [...results, { name, state: 'ok', why: `${bytes(size)}, ${records} records, log whole` }];
    const why = `the audit log does not prove itself: ${problems[0]?.text ?? 'unknown'}`;
    const mend = 'Keep the file as it is and tell your security team; `postern audit verify` shows more.';
    return [...results, { name, state: 'fail', why, mend }];
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const mend =
      error.mend ?? 'Start the agent: a damaged database is set aside and a new one begun. Keep the old one.';
    return [...results, { name, state: 'fail', why: error.message, mend }];
  }
};
