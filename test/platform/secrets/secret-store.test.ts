import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeychainAnswer } from '../../../agent/src/core/secrets.ts';
import type { Keychain } from '../../../agent/src/platform/secrets/keychain.ts';
import {
  openSecretStore,
  type SecretStoreOptions,
} from '../../../agent/src/platform/secrets/secret-store.ts';

/** A keychain as the system's is: it can be there, locked or gone. */
class FakeKeychain implements Keychain {
  readonly entries = new Map<string, string>();
  trouble: 'absent' | 'locked' | 'silent' | undefined;
  asked = 0;
  async read(account: string): Promise<KeychainAnswer> {
    this.asked += 1;
    if (this.trouble !== undefined) return { kind: this.trouble, why: 'as the test says' };
    const value = this.entries.get(account);
    return value === undefined ? { kind: 'none' } : { kind: 'found', value };
  }
  async write(account: string, value: string): Promise<KeychainAnswer> {
    if (this.trouble === undefined) this.entries.set(account, value);
    return this.read(account);
  }
  async remove(account: string): Promise<KeychainAnswer> {
    if (this.trouble === undefined) this.entries.delete(account);
    return this.read(account);
  }
}

let home: string;
let keychain: FakeKeychain;
let now: number;
let events: string[];
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'postern-secrets-'));
  keychain = new FakeKeychain();
  now = 1_000_000;
  events = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const directory = (): string => path.join(home, 'secrets');
const open = (options: Partial<SecretStoreOptions> = {}) =>
  openSecretStore({
    directory: directory(),
    store: 'keychain-or-file',
    keychain,
    nowMs: () => now,
    event: (code) => events.push(code),
    ...options,
  });
const onDisk = (): string =>
  readdirSync(directory())
    .map((name) => readFileSync(path.join(directory(), name), 'utf8'))
    .join('\n');

describe('with a keychain', () => {
  it('keeps what it was given for the next start; the key lies in the keychain, the rest sealed', async () => {
    const store = open();
    await store.set('session', 'a refresh token');
    await store.set('key:red', 'sk-canary');
    expect(store.kept).toBe('keychain');
    expect(onDisk()).not.toMatch(/refresh|canary|red/);
    expect(readdirSync(directory())).toEqual(['sealed.json']);
    const next = open();
    expect(await next.get('session')).toBe('a refresh token');
    expect(await next.names()).toEqual(['session', 'key:red']);
    await next.delete('session');
    expect(await open().get('session')).toBeUndefined();
  });

  it('nobody asks it before there is anything to keep', async () => {
    const store = open();
    expect(await store.get('session')).toBeUndefined();
    await store.delete('session');
    expect(keychain.asked).toBe(0);
    expect(store.kept).toBe('unopened');
    expect(existsSync(directory())).toBe(false);
  });

  it('locked: said, not asked again at once, new things kept in memory and written when it opens', async () => {
    await open().set('session', 'old');
    keychain.trouble = 'locked';
    const store = open();
    expect(await store.get('session')).toBeUndefined();
    expect(store.problem).toMatchObject({ code: 'keychain-locked', mend: expect.stringContaining('Unlock') });
    const asked = keychain.asked;
    await store.set('key:red', 'sk-1');
    expect(await store.get('key:red')).toBe('sk-1');
    expect(store.kept).toBe('memory');
    expect(keychain.asked).toBe(asked);
    keychain.trouble = undefined;
    now += 31_000;
    expect(await store.get('session')).toBe('old');
    expect(store.problem).toBeUndefined();
    expect(await open().get('key:red')).toBe('sk-1');
  });

  it('whose entry is gone: set aside, said, begun anew', async () => {
    await open().set('session', 'old');
    keychain.entries.clear();
    const store = open();
    expect(await store.get('session')).toBeUndefined();
    expect(store.problem?.code).toBe('secrets-unreadable');
    expect(events).toEqual(['secrets-unreadable']);
    await store.set('session', 'new');
    expect(await open().get('session')).toBe('new');
  });

  it('a file that somebody changed is not believed', async () => {
    await open().set('session', 'old');
    const file = path.join(directory(), 'sealed.json');
    const sealed = JSON.parse(readFileSync(file, 'utf8')) as { sealed: string };
    const bytes = Buffer.from(sealed.sealed, 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, JSON.stringify({ ...sealed, sealed: bytes.toString('base64') }));
    expect(await open().get('session')).toBeUndefined();
    expect(events).toEqual(['secrets-unreadable']);
  });
});

describe('without one', () => {
  it('a file does, which only its owner may read; that is no problem', async () => {
    keychain.trouble = 'absent';
    const store = open();
    await store.set('session', 'a refresh token');
    expect(store.kept).toBe('file');
    expect(store.problem).toBeUndefined();
    expect(onDisk()).not.toContain('a refresh token');
    expect(statSync(directory()).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory()))
      expect(statSync(path.join(directory(), name)).mode & 0o777).toBe(0o600);
    expect(await open().get('session')).toBe('a refresh token');
  });

  it.each(['locked', 'silent'] as const)('%s at first: a file too, but said', async (trouble) => {
    keychain.trouble = trouble;
    const store = open();
    await store.set('session', 'a');
    expect(store.kept).toBe('file');
    expect(store.problem).toMatchObject({ code: 'keychain-locked', text: expect.stringContaining('file') });
  });

  it('moves into the keychain once there is one, and the key beside it goes', async () => {
    keychain.trouble = 'absent';
    await open().set('session', 'a');
    keychain.trouble = undefined;
    const store = open();
    expect(await store.get('session')).toBe('a');
    expect(store.kept).toBe('keychain');
    expect(readdirSync(directory())).toEqual(['sealed.json']);
    expect(await open().get('session')).toBe('a');
  });

  it('keychain alone: nothing is written, and that is said', async () => {
    keychain.trouble = 'absent';
    const store = open({ store: 'keychain' });
    await store.set('session', 'a');
    expect(await store.get('session')).toBe('a');
    expect(store.kept).toBe('memory');
    expect(store.problem?.code).toBe('keychain-absent');
    expect(await open({ store: 'keychain' }).get('session')).toBeUndefined();
  });

  it('file: the keychain is never asked', async () => {
    const store = open({ store: 'file' });
    await store.set('session', 'a');
    expect(await open({ store: 'file' }).get('session')).toBe('a');
    expect(keychain.asked).toBe(0);
  });

  it('a key that others can read is refused, and said', async () => {
    await open({ store: 'file' }).set('session', 'a');
    const { chmodSync } = await import('node:fs');
    chmodSync(path.join(directory(), 'key'), 0o644);
    const store = open({ store: 'file' });
    expect(await store.get('session')).toBeUndefined();
    expect(store.problem).toMatchObject({
      code: 'secrets-not-written',
      text: expect.stringContaining('not private'),
    });
  });
});

it('many at once are one after the other', async () => {
  const store = open();
  await Promise.all(Array.from({ length: 20 }, (_, index) => store.set(`n${index}`, String(index))));
  expect((await open().names()).length).toBe(20);
  expect(keychain.entries.size).toBe(1);
});
