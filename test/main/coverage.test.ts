import { expect, it } from 'vitest';
import type { Governor } from '../../agent/src/core/flow.ts';
import { Coverage } from '../../agent/src/main/coverage.ts';
import { sampleExchange } from '../kit/sample-records.ts';

it('counts what is governed by app, and connections that are not by service', () => {
  const coverage = new Coverage((host) => (host.endsWith('openai.com') ? 'openai' : undefined));
  const failed: string[] = [];
  const governor = coverage.observes({
    routeConnection: ({ host }) => (host.startsWith('api.') ? 'inspect' : 'tunnel'),
    openFlow: () => {
      throw new Error('not asked');
    },
    handshakeFailed: (_, cause) => void failed.push(cause),
    incident: () => undefined,
  } satisfies Governor);
  for (const host of ['api.openai.com', 'chat.openai.com', 'bank.example.com']) {
    governor.routeConnection({ host, port: 443 });
  }
  governor.handshakeFailed({ host: 'api.openai.com', port: 443 }, 'unknown-ca');
  coverage.exchange(sampleExchange(1));
  coverage.exchange(sampleExchange(2, { mode: 'tunnel' }));
  expect(failed).toEqual(['unknown-ca']);
  expect(coverage.list()).toEqual([
    { app: 'unknown', service: 'openai', governed: 0, tunnelled: 1, uncovered: 1 },
    { app: 'claude-code', service: 'anthropic', governed: 1, tunnelled: 1, uncovered: 0 },
  ]);
});

it('stays bounded', () => {
  const coverage = new Coverage(() => undefined);
  for (let i = 0; i < 2_000; i++) {
    coverage.exchange(sampleExchange(i, { app: { id: `app-${i}`, name: '', identifiedBy: 'header' } }));
  }
  expect(coverage.list()).toHaveLength(500);
});
