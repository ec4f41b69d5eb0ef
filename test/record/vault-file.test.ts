import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VaultEntry } from '../../agent/src/core/placeholder.ts';
import { openVaultFile } from '../../agent/src/record/vault-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'postern-vault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 1);
const DAY_MS = 86_400_000;
const entry = (value: string, createdAtMs = 10 * DAY_MS): VaultEntry => ({
  service: 'openai',
  kind: 'email-address',
  value,
  restoreInToolCalls: true,
  code: '0123ABCD',
  placeholder: 'EMAIL_ADDRESS_0123ABCD_X',
  createdAtMs,
});
const reopen = (more: { key?: Buffer; nowMs?: number } = {}) =>
  openVaultFile({
    file: path.join(folder, 'vault'),
    key: KEY,
    nowMs: 10 * DAY_MS,
    retentionMs: 5 * DAY_MS,
    failed: (error) => {
      throw error;
    },
    ...more,
  });

async function keep(...entries: VaultEntry[]): Promise<void> {
  const vault = await reopen();
  for (const one of entries) vault.append(one);
  await vault.close();
}

it('gives back what it was given, in order, and shows none of it to a reader of the file', async () => {
  await keep(entry('ann@acme.test'), entry('bob@acme.test'));
  const { entries, damagedLines } = await reopen();
  expect(entries.map(({ value }) => value)).toEqual(['ann@acme.test', 'bob@acme.test']);
  expect(damagedLines).toBe(0);
  const file = path.join(folder, 'vault');
  const bytes = readFileSync(file);
  for (const encoding of ['utf8', 'latin1'] as const) expect(bytes.toString(encoding)).not.toContain('acme');
  expect(Buffer.from(bytes.toString('utf8'), 'base64').toString('latin1')).not.toContain('acme');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('seals the same entry differently each time, so that equal values do not show', async () => {
  await keep(entry('ann@acme.test'), entry('ann@acme.test'));
  const [first, second] = readFileSync(path.join(folder, 'vault'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  expect(first).not.toBe(second);
});

it('counts what it cannot open and goes on with the rest', async () => {
  await keep(entry('ann@acme.test'));
  appendFileSync(path.join(folder, 'vault'), 'garbage\nbm90IHNlYWxlZCBhdCBhbGwsIGJ1dCBsb25nIGVub3VnaA==\n');
  const found = readFileSync(path.join(folder, 'vault'), 'utf8');
  const { entries, damagedLines, setAside } = await reopen();
  expect([entries.length, damagedLines]).toEqual([1, 2]);
  expect(readFileSync(setAside ?? '', 'utf8')).toBe(found);
  expect(statSync(setAside ?? '').mode & 0o777).toBe(0o600);
  expect(await reopen()).toMatchObject({ damagedLines: 0, setAside: undefined });
});

it('is of no use under another key', async () => {
  await keep(entry('ann@acme.test'));
  const { entries, damagedLines } = await reopen({ key: Buffer.alloc(32, 2) });
  expect([entries.length, damagedLines]).toEqual([0, 1]);
});

it('forgets what is older than the policy keeps records, on disk too', async () => {
  await keep(entry('old', 10 * DAY_MS), entry('new', 14 * DAY_MS));
  const { entries } = await reopen({ nowMs: 16 * DAY_MS });
  expect(entries.map(({ value }) => value)).toEqual(['new']);
  expect(readFileSync(path.join(folder, 'vault'), 'utf8').trim().split('\n')).toHaveLength(1);
});

it('loses only the line that a full disk has cut', async () => {
  await keep(entry('one'));
  appendFileSync(path.join(folder, 'vault'), 'YmVnaW5uaW5nIG9mIGEg');
  await keep(entry('two'));
  appendFileSync(path.join(folder, 'vault'), 'YmVnaW5uaW5nIG9mIGEg');
  const vault = await reopen();
  vault.append(entry('three'));
  await vault.close();
  expect((await reopen()).entries.map(({ value }) => value)).toEqual(['one', 'two', 'three']);
});

it('can be made anew while it is written to', async () => {
  const vault = await reopen();
  vault.append(entry('one'));
  vault.append(entry('two'));
  vault.replace([entry('two')]);
  vault.append(entry('three'));
  await vault.close();
  expect((await reopen()).entries.map(({ value }) => value)).toEqual(['two', 'three']);
  expect(statSync(path.join(folder, 'vault')).mode & 0o777).toBe(0o600);
});
