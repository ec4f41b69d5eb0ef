import { describe, expect, it } from 'vitest';
import { type Notice, Notifier } from '../../../tray-ui/src/main/notifications.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { healthyStatus, oneExchange } from '../../kit/agent-status.ts';
import { oneBudget } from '../../kit/one-budget.ts';

const HOUR_MS = 3_600_000;

function open(quiet?: { readonly from: number; readonly to: number }) {
  const shown: Notice[] = [];
  const clock = { nowMs: 1_790_000_000_000, hour: 12 };
  const notifier = new Notifier({
    words: createTranslator(['en-US']),
    nowMs: () => clock.nowMs,
    show: (notice) => shown.push(notice),
    quietHours: () => quiet,
    hourOf: () => clock.hour,
  });
  const titles = (): string[] => shown.splice(0).map(({ title }) => title);
  return { notifier, clock, shown, titles };
}

const stop = (rule: string, app = 'claude-code') =>
  oneExchange({
    effective: 'block',
    app: { id: app, name: app, identifiedBy: 'process' },
    reasons: [{ rule, action: 'block', text: `The rule "${rule}" found something.` }],
  });

describe('stops', () => {
  it('tells the first of a kind, with the reason, and opens it', () => {
    const { notifier, shown } = open();
    notifier.exchangeEnded(stop('no-secrets'));
    expect(shown).toEqual([
      {
        group: 'stops',
        title: 'Postern stopped a call to anthropic',
        body: 'The rule "no-secrets" found something.',
        opens: { page: 'activity', decision: 'd-1' },
      },
    ]);
  });

  it('says nothing of what passed, or of the same again soon', () => {
    const { notifier, clock, titles } = open();
    notifier.exchangeEnded(oneExchange({ effective: 'warn' }));
    expect(titles()).toEqual([]);
    for (let time = 0; time < 50; time += 1) notifier.exchangeEnded(stop('no-secrets'));
    expect(titles()).toHaveLength(1);
    clock.nowMs += 3 * HOUR_MS;
    notifier.exchangeEnded(stop('no-secrets'));
    expect(titles()).toEqual([]);
    clock.nowMs += 4 * HOUR_MS;
    notifier.exchangeEnded(stop('no-secrets'));
    expect(titles()).toHaveLength(1);
  });

  it('gathers several kinds at once into one', () => {
    const { notifier, titles } = open();
    for (const rule of ['a', 'b', 'c']) notifier.exchangeEnded(stop(rule));
    expect(titles()).toEqual([
      'Postern stopped a call to anthropic',
      '2 calls were stopped',
      '3 calls were stopped',
    ]);
  });
});

describe('budgets', () => {
  const at = (spent: number, changes = {}) =>
    healthyStatus({
      budgets: [oneBudget({ spentNanoUsd: spent * 1e9, remainingNanoUsd: (200 - spent) * 1e9, ...changes })],
    });

  it('tells each threshold once a window', () => {
    const { notifier, titles } = open();
    for (const spent of [10, 100, 161, 170, 199, 200, 205]) notifier.statusChanged(at(spent));
    expect(titles()).toEqual(['Budget month: 81% used', 'Budget month is used up']);
    notifier.statusChanged(at(161, { resetsAtMs: 2 }));
    expect(titles()).toEqual(['Budget month: 81% used']);
  });

  it('says nothing of a budget on trial or without a limit', () => {
    const { notifier, titles } = open();
    notifier.statusChanged(at(500, { shadow: true }));
    notifier.statusChanged(at(500, { limitNanoUsd: undefined }));
    expect(titles()).toEqual([]);
  });
});

describe('sign-in and pauses', () => {
  const signedOut = healthyStatus({
    identity: { state: 'signed-out', keys: [], mayTypeKeys: false, secretsIn: 'unopened' },
  });

  it('asks once for a sign-in, and again after the next one has ended', () => {
    const { notifier, titles } = open();
    notifier.statusChanged(healthyStatus());
    for (let time = 0; time < 3; time += 1) notifier.statusChanged(signedOut);
    expect(titles()).toEqual(['Please sign in to Postern']);
    notifier.statusChanged(healthyStatus());
    notifier.statusChanged(signedOut);
    expect(titles()).toEqual(['Please sign in to Postern']);
  });

  it('reminds of a pause', () => {
    const { notifier, shown } = open();
    notifier.stillPaused(45);
    expect(shown[0]?.body).toBe('AI traffic has not been checked for 45 minutes.');
  });
});

describe('quiet hours', () => {
  it.each([
    [{ from: 22, to: 7 }, 23, 0],
    [{ from: 22, to: 7 }, 6, 0],
    [{ from: 22, to: 7 }, 7, 1],
    [{ from: 12, to: 13 }, 12, 0],
    [{ from: 12, to: 13 }, 13, 1],
  ])('%j at %d: %d notices', (quiet, hour, count) => {
    const { notifier, clock, titles } = open(quiet);
    clock.hour = hour;
    notifier.exchangeEnded(stop('no-secrets'));
    expect(titles()).toHaveLength(count);
  });
});
