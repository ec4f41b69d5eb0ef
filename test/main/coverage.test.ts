import { expect, it } from 'vitest';
import type { Authority } from '../../agent/src/core/connection.ts';
import type { Client, Governor } from '../../agent/src/core/flow.ts';
import type { ProcessIdentity } from '../../agent/src/core/process.ts';
import { Coverage } from '../../agent/src/main/coverage.ts';
import { sampleExchange } from '../kit/sample-records.ts';

const CHATGPT: ProcessIdentity = { pid: 7, executable: '/opt/ChatGPT/chatgpt', command: 'chatgpt' };
const target = (host: string): Authority => ({ host, port: 443 });

function stage() {
  const coverage = new Coverage({
    serviceOf: (host) => (host.endsWith('openai.com') ? 'openai' : undefined),
    appOf: (process) => (process === undefined ? 'unknown' : process.executable.replace(/.*\//, '')),
  });
  const asked: unknown[][] = [];
  const told: unknown[][] = [];
  const governor = coverage.observes({
    routeConnection: (...given) => {
      asked.push(given);
      return 'tunnel';
    },
    openFlow: () => {
      throw new Error('not asked');
    },
    handshakeFailed: (...given) => void told.push(given),
    incident: () => undefined,
  } satisfies Governor);
  return { coverage, governor, asked, told };
}

it('hands on everything that the edge says, the program at the other end included', () => {
  const { governor, asked, told } = stage();
  const client: Client = { process: CHATGPT };
  expect(governor.routeConnection(target('chat.openai.com'), client)).toBe('tunnel');
  governor.handshakeFailed(target('chat.openai.com'), 'unknown-ca', CHATGPT);
  expect(asked).toEqual([[target('chat.openai.com'), client]]);
  expect(told).toEqual([[target('chat.openai.com'), 'unknown-ca', CHATGPT]]);
});

it('counts by app: calls, tunnels and refused handshakes', async () => {
  const { coverage, governor } = stage();
  governor.tunnelled?.(target('chat.openai.com'), async () => CHATGPT);
  governor.tunnelled?.(target('chat.openai.com'), async () => undefined);
  governor.handshakeFailed(target('api.openai.com'), 'unknown-ca', CHATGPT);
  coverage.exchange(sampleExchange(1));
  coverage.exchange(sampleExchange(2, { mode: 'tunnel' }));
  await Promise.resolve();
  const list = coverage.list().sort((one, other) => one.app.localeCompare(other.app));
  expect(list).toEqual([
    { app: 'chatgpt', service: 'openai', governed: 0, tunnelled: 1, uncovered: 1 },
    { app: 'claude-code', service: 'anthropic', governed: 1, tunnelled: 1, uncovered: 0 },
    { app: 'unknown', service: 'openai', governed: 0, tunnelled: 1, uncovered: 0 },
  ]);
});

it('looks nobody up who does not talk to a listed AI service', () => {
  const { coverage, governor } = stage();
  governor.tunnelled?.(target('bank.example.com'), () => {
    throw new Error('looked up');
  });
  expect(coverage.list()).toEqual([]);
});

it('stays bounded', () => {
  const { coverage } = stage();
  for (let i = 0; i < 2_000; i++) {
    coverage.exchange(sampleExchange(i, { app: { id: `app-${i}`, name: '', identifiedBy: 'header' } }));
  }
  expect(coverage.list()).toHaveLength(500);
});
