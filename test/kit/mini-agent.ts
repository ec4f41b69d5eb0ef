/**
 * A `postern` with real sockets, real files and a real (plain HTTP) proxy port, but no rules: what the CLI's tests
 * start as a process of its own. `node mini-agent.ts ARGS…`.
 */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { AgentCommands, Place, RunningAgent, StartOptions } from '../../agent/src/cli/ports.ts';
import { CommandFailure } from '../../agent/src/cli/ports.ts';
import { runCli } from '../../agent/src/cli/run-cli.ts';
import { homeFiles, prepareHome } from '../../agent/src/platform/home.ts';
import { acquireInstanceLock } from '../../agent/src/platform/instance-lock.ts';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import { createLocalApi } from '../../agent/src/serve/local-api.ts';
import { loadConfig } from '../../agent/src/sync/config.ts';
import { handlers, healthyStatus, NO_ADMIN } from './agent-status.ts';
import { createTestAuthority } from './pki.ts';

const POLICY = { name: 'baseline', revision: 'a1b2c3d4' };

async function listen(server: http.Server, port: number, fallback: boolean): Promise<number> {
  const attempt = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  try {
    return await attempt(port);
  } catch (error) {
    if (fallback) return attempt(0);
    throw new CommandFailure('port-taken', 1, `Port ${port} is taken.`, 'Set listen.port.', { cause: error });
  }
}

async function start(options: StartOptions): Promise<RunningAgent> {
  const { config } = loadConfig({
    explicitPath: options.configFile,
    managedPath: '/nonexistent/c.json',
    env: {},
  });
  const files = homeFiles(options.home);
  prepareHome(files);
  const lock = acquireInstanceLock(files.lockFile);
  const proxy = http.createServer((request, response) => {
    response.end(request.url === '/proxy.pac' ? 'function FindProxyForURL() {}' : `proxied ${request.url}`);
  });
  let port: number;
  try {
    port = await listen(proxy, config.listen.port, options.portTaken === 'take-free');
  } catch (error) {
    lock.release();
    throw error;
  }
  fs.writeFileSync(files.caFile, (await createTestAuthority('Postern test')).pem);
  const url = `http://127.0.0.1:${port}`;
  const status = healthyStatus({
    home: options.home,
    proxy: { url, host: '127.0.0.1', port },
    pac: { url: `${url}/proxy.pac` },
    ca: { file: files.caFile, uncovered: [] },
  });
  const stopped = Promise.withResolvers<void>();
  let onLeases: (count: number) => void = () => undefined;
  const api = await createLocalApi({
    socketPath: files.socketPath,
    tokenFile: files.tokenFile,
    handlers: handlers({
      status: () => status,
      stop: () => {
        setImmediate(() => void stop());
        return { done: true };
      },
    }),
    writePrivateFile,
    admin: NO_ADMIN,
    onRefused: () => undefined,
    onInternalError: (call, error) => process.stderr.write(`${call}: ${error}\n`),
    onLeases: (count) => onLeases(count),
  });
  async function stop(): Promise<void> {
    await api.close();
    proxy.closeAllConnections();
    proxy.close();
    lock.release();
    stopped.resolve();
  }
  return {
    ready: {
      proxy: url,
      pac: `${url}/proxy.pac`,
      ca: files.caFile,
      socket: files.socketPath,
      policy: POLICY,
    },
    notices: ['Only a test.'],
    onLeases: (listener) => {
      onLeases = listener;
    },
    stop,
    stopped: stopped.promise,
  };
}

const usageTotal = {
  exchanges: 4,
  blocked: 1,
  inputTokens: 12_345,
  outputTokens: 90,
  nanoUsd: 50_000_000,
  estimated: true,
};

function trust(place: Place) {
  const caFile = homeFiles(place.home).caFile;
  const ca = new X509Certificate(fs.readFileSync(caFile));
  return {
    caFile,
    fingerprintSha256: ca.fingerprint256,
    notAfterMs: ca.validToDate.getTime(),
    permitted: ['api.anthropic.com', 'api.openai.com'],
    uncovered: ['llm.acme.com'],
  };
}

export const commands: AgentCommands = {
  version: '0.1.0',
  commandLine: [process.execPath, path.resolve(import.meta.dirname, 'mini-agent.ts')],
  start,
  explain: async (question) => ({
    id: undefined,
    decision: 'block',
    effective: 'warn',
    reasons: [
      { rule: 'guardrail:no-secrets', action: 'block', text: `saw ${question.body?.length ?? 0} bytes` },
    ],
    service: 'openai',
    mode: 'direct',
    operation: 'generate',
    model: 'gpt-5\u001b[31m',
    app: { id: question.app ?? 'unknown', name: question.app ?? 'unknown', identifiedBy: 'none' },
    policy: POLICY,
    trace: [{ rule: 'services[0]', applied: false, text: question.method ?? '' }],
  }),
  bundleTools: async () => (await import('../../agent/src/main/policy-tools/bundle.ts')).bundleTools,
  overrideMaster: async () => undefined,
  overrideSecret: async () => 'secret',
  overrideCode: async () => ({ code: 'K7QM-2X4D-9RTP', untilMs: 1_700_000_900_000 }),
  testPolicy: async (_policy, file) => ({
    policy: POLICY,
    file,
    cases: [
      { name: 'keys stay', ok: true, problems: [] },
      {
        name: 'words pass',
        ok: !file.includes('bad'),
        problems: file.includes('bad') ? ['effective is block, not allow'] : [],
      },
    ],
  }),
  diffPolicies: async () => ({
    from: POLICY,
    to: { ...POLICY, revision: 'ffff0000' },
    changes: [{ effect: 'looser', text: 'guardrail keys: action block → warn' }],
  }),
  replayPolicy: async ({ sinceMs }) => ({
    policy: POLICY,
    sinceMs,
    calls: 1,
    withText: 0,
    outcomes: {
      allow: { before: 1, after: 0 },
      warn: { before: 0, after: 0 },
      redact: { before: 0, after: 0 },
      justify: { before: 0, after: 0 },
      block: { before: 0, after: 1 },
    },
    refusedNanoUsd: 2_000_000_000,
    changed: [
      {
        id: 'd-1',
        atMs: sinceMs + 1,
        user: 'ada',
        app: 'codex',
        service: 'openai',
        model: 'gpt-5',
        before: 'allow',
        after: 'block',
        rules: ['models[0]'],
        nanoUsd: 2_000_000_000,
      },
    ],
    limits: ['No text was stored of one call.'],
  }),
  checkPolicy: async (file) => {
    if (fs.readFileSync(file, 'utf8').includes('good')) {
      return { ok: true, file, policy: POLICY, rules: { services: 2, models: 0 }, warnings: [] };
    }
    return {
      ok: false,
      file,
      problems: [{ file, line: 3, column: 5, field: 'services', message: 'unknown', mend: 'Remove it.' }],
    };
  },
  auditTail: async (_place, limit) =>
    [
      { sequence: 1, atMs: 0, kind: 'agent-started', detail: 'version 0.1.0', record: { id: 'a' } },
      {
        sequence: 2,
        atMs: 0,
        kind: 'exchange',
        app: 'claude-code',
        effective: 'block' as const,
        nanoUsd: 1e7,
        record: { id: 'b' },
      },
    ].slice(-limit),
  async *auditExport() {
    for (let sequence = 1; sequence <= 50_000; sequence += 1)
      yield `${JSON.stringify({ sequence, padding: 'x'.repeat(100) })}\n`;
  },
  auditVerify: async () => ({
    ok: false,
    records: 2,
    heads: 1,
    problems: [{ sequence: 2, text: 'hash differs' }],
  }),
  budgets: async () => [],
  usage: async (_place, { by, sinceMs }) => ({
    by,
    sinceMs: sinceMs ?? 0,
    untilMs: 1,
    rows: [
      { key: 'claude-code', ...usageTotal },
      { key: 'codex', ...usageTotal, estimated: false, blocked: 0, nanoUsd: 12_340_000_000 },
    ],
    total: usageTotal,
  }),
  trustStatus: async (place) => trust(place),
  trustRenew: async (place) => ({ renewed: true, explanation: 'A new CA was made.', status: trust(place) }),
  enrolReset: async () => ({ was: 'acme' }),
};

if (process.argv[1] === import.meta.filename)
  process.exitCode = await runCli(process.argv.slice(2), commands);
