import { describe, expect, it } from 'vitest';
import { requirePolicy } from '../../agent/src/main/active-policy.ts';
import { appViews } from '../../agent/src/main/app-views.ts';
import { diagnosticsOf } from '../../agent/src/main/diagnostics.ts';
import { policyView } from '../../agent/src/main/policy-view.ts';
import { configSchema } from '../../agent/src/sync/config-schema.ts';
import { healthyStatus, oneExchange } from '../kit/agent-status.ts';

const compiled = await requirePolicy({ kind: 'embedded', file: undefined });
const state = {
  compiled,
  warnings: [],
  source: { kind: 'embedded' as const, file: undefined },
  loadedAtMs: 1,
  lastError: undefined,
};
const settings = (config: object, origins: [string, 'managed' | 'own'][] = []) => ({
  config: configSchema.parse(config),
  files: [],
  origins: new Map(origins),
  notices: [],
});

describe('the policy, to be read', () => {
  it('lists every rule and every host that is opened', () => {
    const view = policyView(state, settings({}));
    expect(view.rules.map(({ id }) => id)).toEqual(
      expect.arrayContaining(compiled.policy.guardrails.map(({ id }) => id)),
    );
    expect(view.privacy.inspectedHosts).toContain('api.openai.com');
  });

  it('says who set a setting, and shows no secret', () => {
    const upstream = { proxy: 'http://ada:hunter2@10.0.0.1:3128' };
    const gateway = { kind: 'bifrost', baseUrl: 'https://ai.example.com', virtualKey: 'sk-bf-canary' };
    const view = policyView(
      state,
      settings({ upstream, gateway }, [
        ['gateway', 'managed'],
        ['upstream.proxy', 'own'],
      ]),
    );
    const shown = new Map(view.settings.map(({ key, value, origin }) => [key, `${value} ${origin}`]));
    expect(shown.get('gateway.virtualKey')).toBe('(set) managed');
    expect(shown.get('upstream.proxy')).toBe('http://10.0.0.1:3128/ own');
    expect(shown.get('listen.port')).toBe('7843 default');
    expect(JSON.stringify(view)).not.toMatch(/hunter2|canary/);
  });
});

describe('apps', () => {
  it('have the catalogue’s names and the policy’s state; what it names and nobody used comes last', () => {
    const rules = [{ id: 'apps[0]', rule: { match: ['cline'], state: 'denied' as const }, when: undefined }];
    const seen = { id: 'claude-code', calls: 2, blocked: 1, firstAtMs: 1, lastAtMs: 2 };
    const views = appViews([{ ...seen, services: [{ id: 'anthropic', mode: 'direct', calls: 2 }] }], {
      ...compiled,
      rules: { ...compiled.rules, apps: rules },
    });
    expect(views.map(({ id, name, state, calls }) => [id, name, state, calls])).toEqual([
      ['claude-code', 'Claude Code', 'allowed', 2],
      ['cline', 'Cline', 'denied', 0],
    ]);
    expect(views[0]?.services[0]?.name).toBe('Anthropic API');
  });
});

it('diagnostics hold no names of people, machines or home folders, and no messages', () => {
  const status = healthyStatus({ home: '/home/ada/.local/share/postern' });
  const call = oneExchange({ user: 'ada@acme.example' });
  const { files } = diagnosticsOf({
    status: {
      ...status,
      budgets: [],
      incidents: [{ code: 'x', count: 1, lastAtMs: 1, detail: 'on LAPTOP-7' }],
    },
    policy: policyView(state, settings({})),
    doctor: { ok: true, checks: [{ name: 'home', state: 'ok', why: '/Users/ada/x is yours' }] },
    apps: { apps: [] },
    exchanges: [call],
    names: { person: ['ada', 'ada@acme.example'], device: ['laptop-7'] },
    nowMs: 0,
  });
  const all = files.map(({ text }) => text).join('\n');
  expect(all).not.toMatch(/\bada\b|laptop-7/i);
  expect(all).toContain('(device)');
  for (const { text } of files) expect(() => JSON.parse(text)).not.toThrow();
});
