import type { AgentStatus } from '../../agent/src/serve/contract.ts';

const NOW_MS = Date.UTC(2026, 10, 26, 12);

/** What a company's gateway, sign-in and collectors add to status; typed by the contract, so that it can't drift. */
export const COMPANY_PARTS: Pick<AgentStatus, 'gateway' | 'identity' | 'telemetry'> = {
  gateway: {
    kind: 'bifrost',
    host: 'ai.acme.example',
    state: 'degraded',
    latencyMs: 41.6,
    key: 'team-payments',
    endpoints: [{ url: 'https://ai.acme.example', state: 'up', latencyMs: 41.6 }],
    quota: {
      readAtMs: NOW_MS,
      budgets: [{ label: 'team-payments', limitUsd: 500, spentUsd: 123.5, window: '1M' }],
      rates: [],
    },
  },
  identity: {
    issuer: 'https://login.acme.example',
    state: 'signed-out',
    problem: { code: 'session-ended', text: 'The sign-in has ended.', mend: 'Sign in again.' },
    keys: [
      { name: 'team-payments', source: 'exchange', active: true },
      { name: 'own', source: 'typed', active: false, refused: 'expired' },
    ],
    mayTypeKeys: false,
    secretsIn: 'file',
  },
  telemetry: {
    worksCouncil: true,
    destinations: [
      {
        name: 'otel.acme.example',
        state: 'failing',
        waitingRecords: 12,
        waitingBytes: 9_000,
        dropped: 0,
        rejected: 0,
        failuresInRow: 3,
        failingSinceMs: NOW_MS - 60_000,
        problem: { code: 'unreachable', text: 'The collector does not answer.' },
      },
    ],
    metrics: { failuresInRow: 0 },
  },
};

/** A signed policy that is overdue, and a switch of the organisation. */
export const COMPANY_POLICY: Pick<AgentStatus['policy'], 'bundle' | 'switches'> = {
  bundle: {
    url: 'https://policy.acme.example/postern/',
    groups: ['payments'],
    group: 'payments',
    release: 41,
    version: 41,
    lastContactMs: NOW_MS,
    age: 'grace',
    hint: 'off',
    clockBehind: false,
    polls: 12,
    bytes: 48_000,
  },
  switches: [
    {
      id: 's-1',
      what: 'block',
      apps: ['codex'],
      untilMs: NOW_MS + 3_600_000,
      reason: 'an outage at the provider',
    },
  ],
};
