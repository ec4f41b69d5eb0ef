import { describe, expect, it } from 'vitest';
import { AdminTrace, createAdminHandlers } from '../../agent/src/main/admin-handlers.ts';
import type { AgentState } from '../../agent/src/main/agent-state.ts';
import { handlers, healthyStatus } from '../kit/agent-status.ts';

const busy = healthyStatus({
  identity: {
    state: 'signed-in',
    user: { subject: 's-1', name: 'ann@acme.test', groups: ['works-council'] },
    keys: [],
    mayTypeKeys: false,
    secretsIn: 'keychain',
  },
  incidents: [{ code: 'handshake-failed', count: 3, lastAtMs: 1, detail: 'curl refused chat.example' }],
});

describe('an admin', () => {
  const files = ['machine.json', 'status.json', 'doctor.json', 'policy.json', 'apps.json', 'last-calls.json'];
  const resumed: string[] = [];
  const admin = createAdminHandlers(
    handlers({
      status: () => busy,
      diagnostics: () => ({ files: files.map((name) => ({ name, text: JSON.stringify(busy) })) }),
    }),
    { resume: (why: string) => resumed.push(why) } as unknown as AgentState,
  );

  it('sees how the agent stands, and neither who sits there nor what they do', async () => {
    const seen = await admin.status({});
    expect(seen).toMatchObject({
      state: 'running',
      policy: busy.policy,
      incidents: [{ code: 'handshake-failed' }],
    });
    expect(JSON.stringify(seen)).not.toMatch(/ann@acme|works-council|chat\.example/);
  });

  it('gets diagnostics without apps and calls', async () => {
    const seen = (await admin.diagnostics({})).files;
    expect(seen.map(({ name }) => name)).toEqual(files.slice(0, 4));
    expect(seen.find(({ name }) => name === 'status.json')?.text).not.toMatch(/ann@acme|chat\.example/);
  });

  it('may end a pause, and the log says who', () => {
    admin.resume({});
    expect(resumed).toEqual(['asked for by an admin']);
  });
});

it("what admins ask is in the person's log, once a minute for each call", () => {
  let nowMs = 0;
  const told: string[] = [];
  const trace = new AdminTrace(
    {
      event: (code: string, detail: string) => void told.push(`${code}: ${detail}`),
      incident: (code: string, detail: string) => void told.push(`${code}: ${detail}`),
    },
    () => nowMs,
  );
  for (const call of ['status', 'status', 'doctor']) trace.called(call, true);
  trace.called('exchanges', false);
  nowMs = 60_000;
  trace.called('status', true);
  expect(told).toEqual([
    'admin-asked: status',
    'admin-asked: doctor',
    'admin-refused: exchanges is for the person at the device',
    'admin-asked: status',
  ]);
});
