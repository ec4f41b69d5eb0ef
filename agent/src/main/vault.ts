import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Vault } from '../core/placeholder.ts';
import { createVault } from '../enforce/vault.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import { asideName, openVaultFile } from '../record/vault-file.ts';
import type { AgentStatus } from '../serve/contract.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const KEY_BYTES = 32;
/** So many lines may be written before the file is made anew without those that are of no use any more. */
const MAX_LINES_ADDED = 20_000;
const SET_ASIDE = /^vault(?:\.key)?\.damaged-(\d+)(?:-\d+)?$/;

type Degraded = AgentStatus['degraded'];

export interface OpenVault {
  readonly vault: Vault;
  /** What of it is not as it should be, for status. */
  degraded(): Degraded;
  close(): Promise<void>;
}

export interface OpenVaultOptions {
  readonly directory: string;
  readonly retentionDays: () => number;
  readonly nowMs?: () => number;
  readonly incident: (code: string, detail: string) => void;
  /** Tests ask more often. */
  readonly pruneEveryMs?: number;
}

/** The placeholders' vault: in memory for the calls, sealed in the home for the next start. */
export async function openVault(options: OpenVaultOptions): Promise<OpenVault> {
  const { directory, retentionDays, nowMs = Date.now, incident, pruneEveryMs = HOUR_MS } = options;
  const keepFromMs = (): number => nowMs() - retentionDays() * DAY_MS;
  dropOldSetAside(directory, keepFromMs());
  const key = deviceKey(directory, nowMs(), incident);
  const file = await openVaultFile({
    file: path.join(directory, 'vault'),
    key,
    nowMs: nowMs(),
    retentionMs: retentionDays() * DAY_MS,
    failed: ({ code, message }) => incident(`vault-${code}`, message),
  });
  if (file.damagedLines > 0) {
    incident(
      'vault-damaged',
      `${file.damagedLines} placeholders of earlier answers can't be turned back any more; the file as it was is now ${file.setAside ?? ''}`,
    );
  }
  const setAside = namesSetAside(directory);
  let linesAdded = 0;
  let prunedAtMs = nowMs();
  const vault = createVault({
    key,
    entries: file.entries,
    nowMs,
    added(entry) {
      file.append(entry);
      linesAdded++;
      if (linesAdded >= MAX_LINES_ADDED) prune();
    },
  });
  function prune(): void {
    prunedAtMs = nowMs();
    linesAdded = 0;
    file.replace(vault.forgetBefore(keepFromMs()));
  }
  const timer = setInterval(() => {
    // A clock that was set back must not put it off.
    if (Math.abs(nowMs() - prunedAtMs) >= DAY_MS) prune();
  }, pruneEveryMs).unref();
  return {
    vault,
    degraded: () => setAsideReason(directory, setAside),
    close() {
      clearInterval(timer);
      return file.close();
    },
  };
}

/** A key that can't be read is kept, with what it sealed: whoever has a copy of it can put both back. */
function deviceKey(directory: string, nowMs: number, incident: OpenVaultOptions['incident']): Buffer {
  const file = path.join(directory, 'vault.key');
  const present = readPrivateFile(file);
  if (present !== undefined && /^[0-9a-f]{64}$/.test(present)) return Buffer.from(present, 'hex');
  if (present !== undefined) {
    const setAside = asideName(file, nowMs);
    renameSync(file, setAside);
    const sealed = path.join(directory, 'vault');
    if (existsSync(sealed)) renameSync(sealed, asideName(sealed, nowMs));
    incident('vault-key-damaged', `it is now ${setAside}, and a new one was made`);
  }
  const made = randomBytes(KEY_BYTES);
  writePrivateFile(file, made.toString('hex'));
  return made;
}

const namesSetAside = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => SET_ASIDE.test(name))
    .sort();

/** What nobody has put back while its entries would have been kept is of no use any more. */
function dropOldSetAside(directory: string, beforeMs: number): void {
  for (const name of namesSetAside(directory)) {
    if (Number(SET_ASIDE.exec(name)?.[1]) < beforeMs) rmSync(path.join(directory, name), { force: true });
  }
}

/** As long as they lie there: the person may not have seen it at the first start. */
function setAsideReason(directory: string, names: readonly string[]): Degraded {
  const there = names.filter((name) => existsSync(path.join(directory, name)));
  if (there.length === 0) return [];
  const withKey = there.some((name) => name.startsWith('vault.key'));
  return [
    {
      code: 'vault-set-aside',
      text: `${withKey ? 'The key of the hidden values was' : 'Some hidden values were'} damaged: placeholders in earlier conversations may not be turned back. The files as they were: ${there.join(', ')} in ${directory}.`,
      mend: 'Stop the agent and put good copies of vault.key and vault in their place, or delete those files; new placeholders work.',
    },
  ];
}
