import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { VaultEntry } from '../../agent/src/core/placeholder.ts';
import { createVault, MAX_PLACEHOLDER_LENGTH } from '../../agent/src/enforce/vault.ts';

const KEY = Buffer.alloc(32, 7);
const mail = (value: string, restoreInToolCalls = true) => ({
  kind: 'email-address',
  value,
  restoreInToolCalls,
});

function vaultOf(entries: readonly VaultEntry[] = [], more: { key?: Buffer; maxEntries?: number } = {}) {
  const added: VaultEntry[] = [];
  const vault = createVault({
    key: KEY,
    entries,
    nowMs: () => 5,
    added: (entry) => void added.push(entry),
    ...more,
  });
  return { vault, added };
}

it('gives the same word for the same value, in this run and the next, without memory', () => {
  const first = vaultOf().vault.placeholderFor('openai', mail('ann@acme.test'));
  expect(first).toMatch(/^EMAIL_ADDRESS_[0-9A-HJKMNP-TV-Z]{8}_X$/);
  expect(vaultOf().vault.placeholderFor('openai', mail('ann@acme.test'))).toBe(first);
});

it('gives other values, services and devices other words', () => {
  const { vault } = vaultOf();
  const words = [
    vault.placeholderFor('openai', mail('ann@acme.test')),
    vault.placeholderFor('openai', mail('bob@acme.test')),
    vault.placeholderFor('anthropic', mail('ann@acme.test')),
    vaultOf([], { key: randomBytes(32) }).vault.placeholderFor('openai', mail('ann@acme.test')),
  ];
  expect(new Set(words).size).toBe(4);
});

it('knows what a word stands for, for the service it was made for only', () => {
  const { vault, added } = vaultOf();
  vault.placeholderFor('openai', mail('ann@acme.test'));
  const code = added[0]?.code ?? '';
  expect(vault.find('openai', code)).toMatchObject({ value: 'ann@acme.test', createdAtMs: 5 });
  expect(vault.find('anthropic', code)).toBeUndefined();
  expect([vault.knows('openai'), vault.knows('anthropic')]).toEqual([true, false]);
});

it('tells of each new word once, and of one that has become stricter', () => {
  const { vault, added } = vaultOf();
  vault.placeholderFor('openai', mail('ann@acme.test'));
  vault.placeholderFor('openai', mail('ann@acme.test'));
  expect(added).toHaveLength(1);
  vault.placeholderFor('openai', mail('ann@acme.test', false));
  vault.placeholderFor('openai', mail('ann@acme.test', true));
  expect(added).toHaveLength(2);
  expect(vault.find('openai', added[0]?.code ?? '')?.restoreInToolCalls).toBe(false);
});

it('gives a value another code where its own is taken by another value', () => {
  const { vault, added } = vaultOf();
  vault.placeholderFor('openai', mail('ann@acme.test'));
  const taken = added.map((entry) => ({ ...entry, value: 'somebody else' }));
  const second = vaultOf(taken);
  const word = second.vault.placeholderFor('openai', mail('ann@acme.test'));
  expect(word).not.toBe(added[0]?.placeholder);
  expect(second.vault.placeholderFor('openai', mail('ann@acme.test'))).toBe(word);
});

it('forgets the oldest when it is full, and names no word longer than it says', () => {
  const { vault, added } = vaultOf([], { maxEntries: 2 });
  for (const name of ['a', 'b', 'c']) vault.placeholderFor('openai', mail(name));
  expect(added.map(({ code }) => vault.find('openai', code) !== undefined)).toEqual([false, true, true]);
  const long = vault.placeholderFor('openai', { ...mail('x'), kind: `9${'very-long-kind-'.repeat(6)}` });
  expect(long.length).toBeLessThanOrEqual(MAX_PLACEHOLDER_LENGTH);
  expect(long).toMatch(/^[A-Z]/);
});

it('forgets what is too old, and the service with its last word', () => {
  const old: VaultEntry = {
    ...mail('old@acme.test'),
    service: 'anthropic',
    code: '00000001',
    placeholder: 'EMAIL_ADDRESS_00000001_X',
    createdAtMs: 1,
  };
  const { vault } = vaultOf([old]);
  vault.placeholderFor('openai', mail('ann@acme.test'));
  expect(vault.forgetBefore(5).map(({ value }) => value)).toEqual(['ann@acme.test']);
  expect([vault.knows('openai'), vault.knows('anthropic')]).toEqual([true, false]);
  expect(vault.find('anthropic', '00000001')).toBeUndefined();
});
