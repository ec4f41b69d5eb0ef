import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDevice } from '../../agent/src/main/device.ts';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'postern-device-'));
  file = path.join(home, 'device-key.pem');
});
afterEach(() => rmSync(home, { recursive: true }));

it('is made once, for its owner only, and stays the same', () => {
  const first = openDevice(file);
  expect(first.isNew).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = openDevice(file);
  expect(again).toMatchObject({ id: first.id, publicKeyPem: first.publicKeyPem, isNew: false });
});

it('signs what anybody can check with the public key, whose digest is the id', () => {
  const device = openDevice(file);
  const key = createPublicKey(device.publicKeyPem);
  expect(key.asymmetricKeyType).toBe('ed25519');
  const bytes = Buffer.from('a batch of records');
  const signature = device.sign(bytes);
  expect(signature).toHaveLength(64);
  expect(verify(null, bytes, key, signature)).toBe(true);
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  expect(device.id).toBe(digest.slice(0, 32));
  expect(device.fingerprintSha256.replaceAll(':', '').toLowerCase()).toBe(digest);
});

it.each(['', 'not a key'])('a damaged key (%j) is replaced: another device', (content) => {
  const first = openDevice(file);
  writeFileSync(file, content, { mode: 0o600 });
  const second = openDevice(file);
  expect(second.isNew).toBe(true);
  expect(second.id).not.toBe(first.id);
  expect(readFileSync(file, 'utf8')).toContain('PRIVATE KEY');
});
