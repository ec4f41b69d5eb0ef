/** The pure parts of the pages. */
import { expect, it } from 'vitest';
import { mendOf } from '../../../tray-ui/src/renderer/help/mends.ts';
import { everyDay } from '../../../tray-ui/src/renderer/money/days.ts';
import { problemsOf } from '../../../tray-ui/src/renderer/now/problems-of.ts';
import { healthyStatus } from '../../kit/agent-status.ts';

it('shows every day of a period, also those without a call, over the end of summer time', () => {
  const row = {
    key: '2026-10-25',
    exchanges: 3,
    blocked: 1,
    inputTokens: 0,
    outputTokens: 0,
    nanoUsd: 5e9,
    estimated: false,
  };
  const days = everyDay([row], new Date(2026, 9, 24).getTime(), 3);
  expect(days.map(({ atMs }) => new Date(atMs).getDate())).toEqual([24, 25, 26]);
  expect(days.map(({ nanoUsd }) => nanoUsd)).toEqual([0, 5e9, 0]);
  expect(days[1]).toMatchObject({ exchanges: 3, blocked: 1 });
});

it('offers a mend as a button where it is one call', () => {
  const check = { name: 'policy', state: 'fail', why: 'x' } as const;
  expect(mendOf(check, healthyStatus())).toBe('reload');
  for (const state of ['ok', 'warn'] as const)
    expect(mendOf({ ...check, state }, healthyStatus())).toBeUndefined();
  expect(mendOf({ ...check, name: 'CA' }, healthyStatus())).toBeUndefined();
  const pause = { name: 'pause', state: 'warn', why: 'x' } as const;
  const paused = healthyStatus({ pause: { untilMs: 1, reason: 'demo' } });
  expect(mendOf(pause, paused)).toBe('resume');
  expect(mendOf(pause, healthyStatus())).toBeUndefined();
});

it('gathers what is wrong, with place and mend', () => {
  const { policy } = healthyStatus();
  const status = healthyStatus({
    degraded: [{ code: 'policy-refused', text: 'A newer policy was refused.', mend: 'Look.' }],
    policy: {
      ...policy,
      lastError: {
        atMs: 1,
        problems: [
          { file: '/etc/postern/policy.yaml', line: 7, field: 'guardrails[0]', message: 'No.', mend: 'Do.' },
        ],
      },
    },
    config: { files: [], problems: [{ file: 'C:\\ProgramData\\config.json', message: 'Unused.' }] },
  });
  expect(problemsOf(status)).toEqual([
    { code: 'policy-refused', text: 'A newer policy was refused.', mend: 'Look.' },
    { code: 'policy', text: 'policy.yaml:7: guardrails[0]: No.', mend: 'Do.' },
    { code: 'config', text: 'config.json: Unused.' },
  ]);
});
