import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Vault } from '../core/placeholder.ts';
import { createVault } from '../enforce/vault.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import { openVaultFile } from '../record/vault-file.ts';

const DAY_MS = 86_400_000;
const KEY_BYTES = 32;

export interface OpenVault {
  readonly vault: Vault;
  close(): Promise<void>;
}

/** The placeholders' vault: in memory for the calls, sealed in the home for the next start. */
export async function openVault(
  directory: string,
  retentionDays: number,
  incident: (code: string, detail: string) => void,
): Promise<OpenVault> {
  const key = deviceKey(path.join(directory, 'vault.key'));
  const file = await openVaultFile({
    file: path.join(directory, 'vault'),
    key,
    nowMs: Date.now(),
    retentionMs: retentionDays * DAY_MS,
    failed: ({ code, message }) => incident(`vault-${code}`, message),
  });
  if (file.damagedLines > 0) {
    incident(
      'vault-damaged',
      `${file.damagedLines} placeholders of earlier answers can't be turned back any more`,
    );
  }
  const vault = createVault({
    key,
    entries: file.entries,
    nowMs: () => Date.now(),
    added: (entry) => file.append(entry),
  });
  return { vault, close: () => file.close() };
}

function deviceKey(file: string): Buffer {
  const present = readPrivateFile(file);
  if (present !== undefined && /^[0-9a-f]{64}$/.test(present)) return Buffer.from(present, 'hex');
  const made = randomBytes(KEY_BYTES);
  writePrivateFile(file, made.toString('hex'));
  return made;
}
