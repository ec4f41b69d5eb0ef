import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { dangerousVariablesIn } from '../../platform/clean-environment.ts';
import { trustStoreStates } from '../../platform/trust-stores.ts';
import { LocalApiError } from '../../serve/local-api-error.ts';
import { loadConfig } from '../../sync/config.ts';
import { ConfigError, describeProblem } from '../../sync/config-error.ts';
import { fetchText } from '../../sync/probes.ts';
import { connect } from '../context.ts';
import { duration } from '../format.ts';
import type { Check, CheckResult } from './check.ts';

const TIMEOUT_MS = 3000;

export const checkConfig: Check = async (findings) => {
  const { context, place } = findings;
  const name = 'configuration';
  try {
    findings.config = loadConfig({
      explicitPath: place.configFile,
      managedPath: context.platform.managedConfigFile,
      env: {},
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => ({
      name,
      state: 'fail',
      why: describeProblem(problem),
      mend: problem.mend,
    }));
  }
  const { files, notices } = findings.config;
  const read = files.filter(({ present }) => present).map(({ file }) => file);
  const why = read.length === 0 ? 'none; the defaults apply' : read.join(' and ');
  return [
    { name, state: 'ok', why },
    ...notices.map((notice) => ({
      name,
      state: 'warn' as const,
      why: describeProblem(notice),
      mend: notice.mend,
    })),
  ];
};

export const checkPolicyFile: Check = async ({ config, context }) => {
  const file = config?.config.policy.file;
  const pushed = config?.config.policy.source !== undefined;
  if (!file) {
    const why = pushed ? 'pushed; the built-in one until the first has come' : 'the built-in one';
    return [{ name: 'policy', state: 'ok', why }];
  }
  const answer = await context.commands.checkPolicy(file);
  if (!answer.ok) {
    return answer.problems.map((each) => ({
      name: 'policy',
      state: 'fail',
      why: describeProblem({
        line: undefined,
        column: undefined,
        field: undefined,
        mend: undefined,
        ...each,
      }),
      mend: each.mend,
    }));
  }
  return [{ name: 'policy', state: 'ok', why: `${answer.policy.name} (${answer.policy.revision}), ${file}` }];
};

export const checkAgent: Check = async (findings) => {
  try {
    findings.status = await connect(findings.place).status({});
  } catch (error) {
    if (!(error instanceof LocalApiError)) throw error;
    if (error.code === 'not-running') {
      const mend = 'Start it with `postern start`; `postern run` starts one of its own.';
      return [{ name: 'agent', state: 'warn', why: 'not running', mend }];
    }
    return [
      {
        name: 'agent',
        state: 'fail',
        why: error.message,
        mend: 'Restart it: `postern stop`, then `postern start`.',
      },
    ];
  }
  const { degraded, policy, process: own, store, pause } = findings.status;
  const results: CheckResult[] = [
    {
      name: 'agent',
      state: 'ok',
      why: `process ${own.pid}, version ${own.version}, up ${duration(Date.now() - own.startedAtMs)}`,
    },
  ];
  if (pause !== undefined) {
    const until = new Date(pause.untilMs).toISOString();
    results.push({
      name: 'pause',
      state: 'warn',
      why: `AI traffic passes unchecked until ${until}: ${pause.reason}`,
      mend: 'Run: postern resume',
    });
  }
  for (const { text, mend } of degraded) results.push({ name: 'agent', state: 'warn', why: text, mend });
  for (const { message, file, mend } of policy.lastError?.problems ?? []) {
    results.push({
      name: 'policy',
      state: 'fail',
      why: `${file}: ${message}; the last good policy is in force`,
      mend,
    });
  }
  for (const { message, file, line, mend } of policy.warnings) {
    results.push({ name: 'policy', state: 'warn', why: `${file}:${line ?? 1}: ${message}`, mend });
  }
  if (store.state !== 'ok')
    results.push({ name: 'records', state: 'fail', why: store.lastError ?? store.state, mend: undefined });
  return results;
};

export const checkProxy: Check = async ({ status }) => {
  if (!status) return [];
  const name = 'proxy';
  const pac = await fetchText(status.pac.url, TIMEOUT_MS);
  const mend = 'Restart the agent: `postern stop`, then `postern start`.';
  if (!pac.ok) return [{ name, state: 'fail', why: `${status.pac.url}: ${pac.why}`, mend }];
  if (pac.value.status !== 200 || !pac.value.text.includes('FindProxyForURL')) {
    return [
      { name, state: 'fail', why: `${status.pac.url} answers ${pac.value.status} and no PAC script`, mend },
    ];
  }
  return [{ name, state: 'ok', why: `${status.proxy.url} answers, the PAC file is served` }];
};

export const checkTrust: Check = async ({ context, files, status }) => {
  const caFile = status?.ca.file ?? files.caFile;
  if (!fs.existsSync(caFile)) return [{ name: 'CA', state: 'ok', why: 'will be made at the first start' }];
  const pem = fs.readFileSync(caFile, 'utf8');
  const results = [caValidity(pem, status?.ca.notAfterMs, Date.now())];
  const states = await trustStoreStates(pem, context.platform, context.io.env, os.homedir());
  const storeResults: CheckResult[] = states.map(({ store, state, readBy, detail }) => ({
    name: 'CA',
    state: state === 'trusted' ? 'ok' : 'warn',
    why:
      state === 'trusted'
        ? `trusted in ${store} (${readBy})`
        : `${store}: ${state} (${detail}); read by ${readBy}`,
    mend:
      state === 'trusted'
        ? undefined
        : `Nothing to do for what runs under \`postern run\`; browsers and others need ${caFile} in that store.`,
  }));
  results.push(...storeResults);
  if (status && status.ca.uncovered.length > 0) {
    const why = `the policy names ${status.ca.uncovered.length} hosts that the CA may not sign for`;
    results.push({ name: 'CA', state: 'warn', why, mend: 'Run `postern trust renew`.' });
  }
  return results;
};

const DAY_MS = 86_400_000;
/** Time enough to bring a new one to every browser and program. */
const RENEW_WITHIN_DAYS = 45;

/** `endMs`: of the agent's whole chain, where one is running; it may end before its root. */
function caValidity(pem: string, endMs: number | undefined, nowMs: number): CheckResult {
  const name = 'CA';
  const ca = new X509Certificate(pem);
  const untilMs = Math.min(ca.validToDate.getTime(), endMs ?? Number.POSITIVE_INFINITY);
  const until = new Date(untilMs).toISOString().slice(0, 10);
  const mend =
    'Run `postern trust renew`, then give the new certificate to the programs that trust the old one.';
  if (nowMs < ca.validFromDate.getTime()) {
    return { name, state: 'fail', why: 'is not valid yet: the clock runs behind', mend: 'Set the clock.' };
  }
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  if (days < 0) return { name, state: 'fail', why: `expired on ${until}`, mend };
  if (days < RENEW_WITHIN_DAYS)
    return { name, state: 'warn', why: `expires in ${days} days, on ${until}`, mend };
  return { name, state: 'ok', why: `valid until ${until}` };
}

/** This shell, as a tool started from it would find it. */
export const checkShell: Check = async ({ context, status }) => {
  const { env } = context.io;
  const name = 'this shell';
  const results: CheckResult[] = [];
  const proxy = env['HTTPS_PROXY'] ?? env['https_proxy'];
  const governs = proxy !== undefined && proxy === status?.proxy.url;
  if (governs && !env['NODE_EXTRA_CA_CERTS'] && !env['SSL_CERT_FILE']) {
    results.push({
      name,
      state: 'fail',
      why: 'uses the proxy but does not trust its CA',
      mend: 'eval "$(postern env)"',
    });
  } else if (governs) results.push({ name, state: 'ok', why: 'goes through the agent' });
  else if (proxy && URL.canParse(proxy)) {
    const mend = "If that is your company's proxy, set upstream.proxy in the configuration.";
    results.push({ name, state: 'warn', why: `HTTPS_PROXY points to ${new URL(proxy).host}`, mend });
  } else
    results.push({
      name,
      state: 'ok',
      why: 'does not go through the agent; `postern run` and `postern env` do that',
    });
  if (governs && (env['ALL_PROXY'] ?? env['all_proxy'])) {
    results.push({
      name,
      state: 'warn',
      why: 'ALL_PROXY is set; Claude Code sends keys in plain text then',
      mend: 'unset ALL_PROXY all_proxy',
    });
  }
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    const why = 'NODE_TLS_REJECT_UNAUTHORIZED=0 switches certificate checks off for every Node program';
    results.push({ name, state: 'warn', why, mend: 'unset NODE_TLS_REJECT_UNAUTHORIZED' });
  }
  const loading = dangerousVariablesIn(env).filter((each) =>
    ['NODE_OPTIONS', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES'].includes(each.name),
  );
  for (const each of loading)
    results.push({
      name,
      state: 'warn',
      why: `${each.name} ${each.effect}; the agent is started without it`,
    });
  return results;
};
