/** What the agent says of itself: pauses, incidents, and each reason why not all is as it should be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RequestHead } from '../../agent/src/core/flow.ts';
import { AgentState } from '../../agent/src/main/agent-state.ts';
import { settingsOf } from '../../agent/src/main/settings.ts';
import { openTrust } from '../../agent/src/main/trust.ts';
import { homeFiles } from '../../agent/src/platform/home.ts';
import { statusSchema } from '../../agent/src/serve/contract-status.ts';
import { policyOf } from '../kit/decide.ts';
import { openJourney } from '../kit/dialogue.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'pstn-state-'));
  writeFileSync(path.join(home, 'config.json'), '{}');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true, force: true });
});

function open(yaml = ''): AgentState {
  const place = { home, configFile: path.join(home, 'config.json') };
  const state = new AgentState('0.1.0', homeFiles(home), settingsOf(place));
  state.policy = {
    compiled: policyOf(yaml),
    warnings: [],
    source: { kind: 'embedded', file: undefined },
    loadedAtMs: Date.now(),
    lastError: undefined,
  };
  return state;
}

const TARGET = { host: 'api.openai.com', port: 443 };
const HEAD: RequestHead = {
  method: 'POST',
  scheme: 'https',
  authority: TARGET,
  path: '/v1/chat/completions',
  headers: ['content-type', 'application/json'],
  httpVersion: '1.1',
  webSocket: false,
  hasBody: true,
};
const CONNECTION = {
  id: 'c',
  openedAtMs: 0,
  target: TARGET,
  clientPort: 1,
  serverName: TARGET.host,
  protocol: 'http/1.1',
} as const;

describe('a pause', () => {
  it('tunnels what is new, carries unseen what is open, and ends by itself, with a word in the log', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const journey = openJourney('');
    const state = open();
    const governor = state.governs(journey.governor);
    expect(governor.routeConnection(TARGET)).toBe('inspect');
    state.pauseFor(60_000, 'demo');
    expect(governor.routeConnection(TARGET)).toBe('tunnel');
    expect(governor.openFlow(HEAD, CONNECTION).requestPlan).toEqual({ type: 'stream' });
    expect(state.status()).toMatchObject({ state: 'paused', pause: { reason: 'demo' } });
    vi.setSystemTime(Date.now() + 60_001);
    expect(governor.routeConnection(TARGET)).toBe('inspect');
    expect(governor.openFlow(HEAD, CONNECTION).requestPlan.type).toBe('hold');
    expect(state.status()).toMatchObject({ state: 'running' });
    expect(journey.events.map(({ code }) => code)).toEqual(['governance-resumed']);
  });

  it('tells its watchers of its end, also if no call comes by', () => {
    vi.useFakeTimers();
    const state = open();
    let told = 0;
    state.onChange = () => {
      told += 1;
    };
    state.pauseFor(60_000, 'demo');
    vi.advanceTimersByTime(59_000);
    expect([told, state.status().state]).toEqual([0, 'paused']);
    vi.advanceTimersByTime(2_000);
    expect([told, state.status().state]).toEqual([1, 'running']);
  });

  it('that is asked for again goes by the new time', () => {
    vi.useFakeTimers();
    const state = open();
    state.pauseFor(60_000, 'demo');
    state.pauseFor(600_000, 'a longer demo');
    vi.advanceTimersByTime(120_000);
    expect(state.status().pause?.reason).toBe('a longer demo');
  });

  it("isn't made longer by a clock that is set back", () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const state = open();
    state.pauseFor(60_000, 'demo');
    vi.setSystemTime(Date.now() - 86_400_000);
    expect(state.isPaused()).toBe(true);
    vi.advanceTimersByTime(60_001);
    expect(state.isPaused()).toBe(false);
  });
});

describe('status', () => {
  it('is what the contract says, whatever is known so far', () => {
    const state = open();
    expect(statusSchema.parse(state.status())).toMatchObject({ state: 'running', degraded: [] });
    state.trust = openTrust(home, policyOf(''));
    expect(statusSchema.parse(state.status()).ca.uncovered).toEqual([]);
  });

  it('groups incidents and keeps each in the log', () => {
    const journey = openJourney('');
    const state = open();
    state.governs(journey.governor);
    for (const detail of ['a', 'b']) state.incident('connect-failed', detail);
    expect(state.status().incidents).toMatchObject([{ code: 'connect-failed', count: 2, detail: 'b' }]);
    expect(journey.events).toHaveLength(2);
  });

  it('names what the policy wants and this agent can not do, with the mend', () => {
    const state = open(
      'services: [{ match: anthropic, mode: gateway }, { match: llm.acme.test, mode: direct, dialect: openai-chat }]\n',
    );
    state.trust = openTrust(home, policyOf(''));
    const codes = state.status().degraded.map(({ code }) => code);
    expect(codes).toEqual(['no-gateway', 'outside-name-constraints']);
    for (const { mend } of state.status().degraded) expect(mend).toBeTruthy();
    expect(state.notices().join('\n')).toContain('llm.acme.test');
  });

  it('says that the CA nears its end', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const state = open();
    state.trust = openTrust(home, policyOf(''));
    vi.setSystemTime(state.trust.authority.notAfterMs - 86_400_000);
    expect(state.status().degraded).toMatchObject([{ code: 'ca-expires', mend: 'Run: postern trust renew' }]);
  });
});
