import { NOTHING_CHECKED } from '../../agent/src/main/check-counters.ts';
import type { AgentStatus, CallOutput, ExchangeView, Handlers } from '../../agent/src/serve/contract.ts';
import { LocalApiError } from '../../agent/src/serve/local-api-error.ts';

/** A healthy agent's status; typed by the contract, so that it can't drift. */
export function healthyStatus(changes: Partial<AgentStatus> = {}): AgentStatus {
  return {
    state: 'running',
    process: {
      pid: process.pid,
      version: '0.1.0',
      startedAtMs: Date.now() - 3_600_000,
      rssBytes: 90_000_000,
    },
    home: '/home/ann/.local/share/postern',
    proxy: { url: 'http://127.0.0.1:7843', host: '127.0.0.1', port: 7843 },
    pac: { url: 'http://127.0.0.1:7843/proxy.pac' },
    ca: { file: '/home/ann/.local/share/postern/ca.pem', uncovered: [] },
    policy: {
      name: 'baseline',
      revision: 'a1b2c3d4',
      source: { kind: 'embedded' },
      loadedAtMs: Date.now(),
      warnings: [],
    },
    config: { files: [], problems: [] },
    counters: {
      connections: 12,
      openConnections: 1,
      tunnels: 9,
      inspected: 3,
      handshakesRefused: 0,
      exchanges: 4,
      decisions: { allow: 3, warn: 0, redact: 0, justify: 0, block: 1 },
      failures: {},
    },
    store: { state: 'ok', file: '/home/ann/.local/share/postern/postern.db', queued: 0, dropped: 0 },
    identity: { state: 'not-configured', keys: [], mayTypeKeys: false, secretsIn: 'unopened' },
    device: { id: '00112233445566778899aabbccddeeff', fingerprintSha256: '00:11:22' },
    budgets: [],
    ...NOTHING_CHECKED,
    incidents: [],
    degraded: [],
    ...changes,
  };
}

export function oneExchange(changes: Partial<ExchangeView> = {}): ExchangeView {
  return {
    id: 'd-1',
    startedAtMs: 1_790_000_000_000,
    endedAtMs: 1_790_000_001_000,
    user: 'ann',
    app: { id: 'claude-code', name: 'Claude Code', identifiedBy: 'header' },
    service: 'anthropic',
    host: 'api.anthropic.com',
    operation: 'generate',
    model: 'claude-opus-5',
    mode: 'direct',
    decision: 'allow',
    effective: 'allow',
    reasons: [],
    findings: {},
    result: 'complete',
    status: 200,
    requestBytes: 1000,
    responseBytes: 2000,
    inputTokens: 300,
    outputTokens: 50,
    usageEstimated: false,
    nanoUsd: 12_500_000,
    costEstimated: false,
    addedMs: 0.4,
    policy: { name: 'baseline', revision: 'a1b2c3d4' },
    ...changes,
  };
}

const oneException = (changes: Partial<CallOutput<'exceptions'>['exceptions'][number]> = {}) => ({
  id: 'x-1',
  rule: 'customers',
  app: 'claude-code',
  decisionId: 'd-1',
  reason: 'test data',
  grantedAtMs: 1_700_000_000_000,
  untilMs: 1_700_003_600_000,
  ...changes,
});

export function handlers(changes: Partial<Handlers> = {}): Handlers {
  return {
    status: () => healthyStatus(),
    exchanges: ({ limit }) => ({ exchanges: [oneExchange()].slice(0, limit) }),
    exchange: ({ id }) => {
      if (id !== 'd-1') throw new LocalApiError('not-found', `There is no exchange ${id}.`);
      return oneExchange();
    },
    usage: ({ by }) => {
      const total = {
        exchanges: 4,
        blocked: 1,
        inputTokens: 1200,
        outputTokens: 90,
        nanoUsd: 50_000_000,
        estimated: false,
      };
      return { by, sinceMs: 0, untilMs: 1, rows: [{ key: 'claude-code', ...total }], total };
    },
    content: () => ({}),
    apps: () => ({ apps: [] }),
    policy: () => ({
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
      source: { kind: 'embedded' },
      loadedAtMs: 1_700_000_000_000,
      shadow: false,
      rules: [],
      privacy: {
        content: 'never',
        retentionDays: 30,
        pseudonymous: false,
        inspectedHosts: ['api.openai.com'],
      },
      settings: [],
    }),
    doctor: () => ({ ok: true, checks: [] }),
    diagnostics: () => ({ files: [] }),
    deleteContent: () => ({ exchanges: 0 }),
    limits: () => ({ limits: [] }),
    stop: () => ({ done: true }),
    pause: ({ minutes }) => ({ untilMs: Date.now() + minutes * 60_000 }),
    resume: () => ({ done: true }),
    justify: ({ decision, reason }) => ({ exceptions: [oneException({ decisionId: decision, reason })] }),
    exceptions: () => ({ exceptions: [oneException()] }),
    revokeException: () => ({ done: true }),
    signIn: ({ flow }) => ({
      url: 'https://login.example.com/authorize?client_id=postern',
      untilMs: Date.now() + 600_000,
      ...(flow === 'device' && { userCode: 'ABCD-EFGH' }),
    }),
    cancelSignIn: () => ({ done: true }),
    signOut: () => ({}),
    addKey: () => ({ done: true }),
    useKey: () => ({ done: true }),
    removeKey: () => ({ done: true }),
    enrol: () => healthyStatus().device,
    override: () => ({ scope: 'observe', untilMs: 1_700_000_900_000 }),
    endOverride: () => ({ done: true }),
    reload: () => ({ policy: { name: 'baseline', revision: 'a1b2c3d4' }, problems: [] }),
    ...changes,
  };
}

/** For tests in which no admin asks. */
export const NO_ADMIN = {
  handlers: handlers(),
  tokenSha256: () => undefined,
  onCall: () => undefined,
};
