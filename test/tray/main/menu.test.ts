import { expect, it } from 'vitest';
import type { BudgetView } from '../../../agent/src/serve/contract.ts';
import { type MenuInput, menuEntries } from '../../../tray-ui/src/main/menu.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { healthyStatus, oneExchange } from '../../kit/agent-status.ts';
import { oneBudget } from '../../kit/one-budget.ts';

const words = createTranslator(['en-US']);
const NOW_MS = 1_790_000_100_000;

const labels = (changes: Partial<MenuInput> = {}): readonly string[] =>
  menuEntries(
    { status: healthyStatus(), lastStop: undefined, startsAtLogin: false, nowMs: NOW_MS, ...changes },
    words,
  ).flatMap((entry) => (entry.type === 'separator' ? [] : [entry.label]));

const withBudgets = (...budgets: BudgetView[]) => ({ status: healthyStatus({ budgets }) });

it('answers the daily questions', () => {
  const lastStop = oneExchange({ effective: 'block', endedAtMs: NOW_MS - 60_000 });
  const shown = labels({ ...withBudgets(oneBudget({ id: 'month' })), lastStop });
  expect(shown[0]).toBe('Postern is checking AI traffic.');
  expect(shown).toContain('month: $150.00 of $200.00 left');
  expect(shown.find((label) => label.startsWith('Last stop: anthropic'))).toBeDefined();
  expect(shown).toContain('Pause for 15 minutes …');
});

it('tells of the two tightest budgets that stop somebody', () => {
  const shown = labels(
    withBudgets(
      oneBudget({ id: 'wide' }),
      oneBudget({ id: 'tight', remainingNanoUsd: 2e9 }),
      oneBudget({ id: 'over', remainingNanoUsd: -1e9 }),
      oneBudget({ id: 'trial', remainingNanoUsd: 0, shadow: true }),
    ),
  );
  expect(shown.filter((label) => label.includes(' of '))).toEqual([
    'over: $0.00 of $200.00 left',
    'tight: $2.00 of $200.00 left',
  ]);
});

it('forgets a stop after a day', () => {
  const lastStop = oneExchange({ effective: 'block', endedAtMs: NOW_MS - 25 * 3_600_000 });
  expect(labels({ lastStop })).toContain('Nothing was stopped today');
});

it('offers to resume while paused, and nothing of the agent while there is none', () => {
  const paused = healthyStatus({ state: 'paused', pause: { untilMs: NOW_MS + 60_000, reason: 'demo' } });
  expect(labels({ status: paused })).toContain('Resume now');
  expect(labels({ status: paused })).not.toContain('Pause for 15 minutes …');
  const off = labels({ status: undefined });
  expect(off[0]).toBe('Postern is not running. AI traffic is not checked.');
  expect(off).not.toContain('Pause for 15 minutes …');
  expect(off).not.toContain('Nothing was stopped today');
});

it('says who is signed in and which key is used, or offers to sign in', () => {
  const { identity } = healthyStatus();
  const key = { name: 'team', source: 'exchange', active: true } as const;
  const user = { subject: 's', name: 'Ann', groups: [] };
  const shown = (changes: Partial<typeof identity>): readonly string[] =>
    labels({ status: healthyStatus({ identity: { ...identity, ...changes } }) });
  expect(shown({ state: 'signed-in', user, keys: [key] })).toEqual(
    expect.arrayContaining(['Key: team', 'Signed in as Ann', 'Sign out']),
  );
  expect(shown({ state: 'signed-out' })).toContain('Sign in …');
  expect(shown({}).some((label) => label.startsWith('Sign'))).toBe(false);
});
