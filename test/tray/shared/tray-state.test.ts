import { expect, it } from 'vitest';
import type { AgentStatus } from '../../../agent/src/serve/contract.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { trayState } from '../../../tray-ui/src/shared/tray-state.ts';
import { healthyStatus } from '../../kit/agent-status.ts';

const words = createTranslator(['en']);
const untilMs = new Date(2026, 10, 26, 15, 30).getTime();
const aside = (apps: string[]) => ({ id: 's', what: 'aside' as const, apps, untilMs, reason: 'an outage' });
const lost = { code: 'budgets-lost', text: 'The record of what budgets have spent was lost.' };

it.each<[string, AgentStatus | undefined, string, RegExp]>([
  ['nobody answers', undefined, 'off', /not running/],
  ['it ends', healthyStatus({ state: 'stopping' }), 'off', /stopping/],
  ['all is well', healthyStatus(), 'protected', /checking AI traffic/],
  ['something is wrong', healthyStatus({ degraded: [lost] }), 'attention', /budgets have spent was lost/],
  [
    'a help desk has lifted the rules',
    healthyStatus({
      policy: { ...healthyStatus().policy, override: { scope: 'observe', untilMs } },
      degraded: [lost],
    }),
    'paused',
    /help desk has lifted the rules until 0?3:30/,
  ],
  [
    'the company stands aside for all',
    healthyStatus({ policy: { ...healthyStatus().policy, switches: [aside([])] } }),
    'paused',
    /stand aside until 0?3:30/,
  ],
  [
    'the company stands aside for one app',
    healthyStatus({ policy: { ...healthyStatus().policy, switches: [aside(['codex'])] } }),
    'protected',
    /checking/,
  ],
  [
    'a pause, which counts for more than what else is wrong',
    healthyStatus({ state: 'paused', pause: { untilMs, reason: 'demo' }, degraded: [lost] }),
    'paused',
    /paused until 0?3:30/,
  ],
])('%s', (_, status, icon, sentence) => {
  const state = trayState(status, words);
  expect(state.icon).toBe(icon);
  expect(state.sentence).toMatch(sentence);
});
