/** The placeholders' vault in the agent's home: damaged files are kept and told of, old entries go while it runs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openVault } from '../../agent/src/main/vault.ts';

const DAY_MS = 86_400_000;
let home: string;
let nowMs = 100 * DAY_MS;
let incidents: string[] = [];
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'pstn-vault-'));
  nowMs = 100 * DAY_MS;
  incidents = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = () =>
  openVault({
    directory: home,
    retentionDays: () => 30,
    nowMs: () => nowMs,
    incident: (code) => void incidents.push(code),
    pruneEveryMs: 5,
  });
const hide = (value: string) => ({ kind: 'email-address', value, restoreInToolCalls: true });
const lines = (name: string): number =>
  readFileSync(path.join(home, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '').length;

async function hidden(value: string): Promise<string> {
  const { vault, close } = await open();
  const word = vault.placeholderFor('openai', hide(value));
  await close();
  return word;
}

it('says nothing while all is well', async () => {
  const word = await hidden('ann@acme.test');
  const again = await open();
  expect(again.vault.find('openai', word.slice(-10, -2))?.value).toBe('ann@acme.test');
  expect(again.degraded()).toEqual([]);
  await again.close();
  expect(incidents).toEqual([]);
});

it('keeps a damaged key and what it sealed, says what to do, and goes on with a new one', async () => {
  const word = await hidden('ann@acme.test');
  const key = readFileSync(path.join(home, 'vault.key'), 'utf8');
  writeFileSync(path.join(home, 'vault.key'), key.slice(0, 40));
  const opened = await open();
  expect(incidents).toEqual(['vault-key-damaged']);
  expect(opened.vault.find('openai', word.slice(-10, -2))).toBeUndefined();
  const [reason] = opened.degraded();
  expect(reason).toMatchObject({ code: 'vault-set-aside', mend: expect.stringContaining('vault.key') });
  const aside = readdirSync(home).filter((name) => name.includes('damaged'));
  expect(aside).toHaveLength(2);
  for (const name of aside) expect(reason?.text).toContain(name);
  await opened.close();
  expect(await hidden('bob@acme.test')).toMatch(/_X$/);

  // Put back, it all works again.
  writeFileSync(path.join(home, 'vault.key'), key);
  writeFileSync(path.join(home, 'vault'), readFileSync(path.join(home, `vault.damaged-${nowMs}`)));
  for (const name of aside) rmSync(path.join(home, name));
  const restored = await open();
  expect(restored.vault.find('openai', word.slice(-10, -2))?.value).toBe('ann@acme.test');
  expect(restored.degraded()).toEqual([]);
  await restored.close();
});

it('tells of it at the next start too, until the files are gone or too old', async () => {
  await hidden('ann@acme.test');
  writeFileSync(path.join(home, 'vault.key'), 'no key');
  await (await open()).close();
  nowMs += 29 * DAY_MS;
  const later = await open();
  expect(later.degraded()).toHaveLength(1);
  for (const name of readdirSync(home)) if (name.includes('damaged')) rmSync(path.join(home, name));
  expect(later.degraded()).toEqual([]);
  await later.close();

  writeFileSync(path.join(home, 'vault.key'), 'no key');
  await (await open()).close();
  nowMs += 31 * DAY_MS;
  const last = await open();
  expect(last.degraded()).toEqual([]);
  expect(readdirSync(home).sort()).toEqual(['vault', 'vault.key']);
  await last.close();
});

it('tells of damaged lines, and of a key that is gone', async () => {
  await hidden('ann@acme.test');
  rmSync(path.join(home, 'vault.key'));
  const opened = await open();
  expect(incidents).toEqual(['vault-damaged']);
  expect(opened.degraded()[0]?.text).toContain(`vault.damaged-${nowMs}`);
  await opened.close();
});

it('forgets what is too old while it runs, on disk too', async () => {
  const { vault, close } = await open();
  const old = vault.placeholderFor('openai', hide('old@acme.test'));
  nowMs += 29 * DAY_MS;
  vault.placeholderFor('openai', hide('new@acme.test'));
  nowMs += 2 * DAY_MS;
  await vi.waitFor(() => expect(vault.find('openai', old.slice(-10, -2))).toBeUndefined());
  await vi.waitFor(() => expect(lines('vault')).toBe(1));
  await close();
});
