import fs from 'node:fs';
import path from 'node:path';
import { instanceLockHolder } from '../../platform/instance-lock.ts';
import { PlatformError } from '../../platform/platform-error.ts';
import { ensurePrivateDirectory } from '../../platform/private-files.ts';
import { canConnect, canResolve } from '../../sync/probes.ts';
import { bytes } from '../format.ts';
import type { Check, CheckResult } from './check.ts';

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
  const open = openFiles([files.caKeyFile, files.tokenFile, files.databaseFile]);
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
  const { hostname, port, host } = new URL(proxy);
  const probe = await canConnect(hostname.replace(/^\[|\]$/g, ''), Number(port || 80), TIMEOUT_MS);
  if (probe.ok) return { name: 'upstream proxy', state: 'ok', why: `${host} answers` };
  const mend = 'Check upstream.proxy in the configuration, and that you are on the company network.';
  return { name: 'upstream proxy', state: 'fail', why: `${host} can't be reached: ${probe.why}`, mend };
}
