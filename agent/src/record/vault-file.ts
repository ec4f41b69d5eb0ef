import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { appendFile, copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import type { VaultEntry } from '../core/placeholder.ts';
import { RecordError } from './errors.ts';
import { makePrivateFile } from './private-files.ts';

/** Where reversible placeholders outlive the process. Each line is one entry, sealed by itself. */
export interface VaultFile {
  /** What an earlier run has left, oldest first. */
  readonly entries: readonly VaultEntry[];
  /** Lines that could not be opened: another key, or somebody's hand. They are in `setAside`. */
  readonly damagedLines: number;
  /** A copy of the file as it was found, if lines of it were damaged. */
  readonly setAside: string | undefined;
  /** Written in the background, in order. */
  append(entry: VaultEntry): void;
  /** Takes the place of all that was written before. In the background, in order. */
  replace(entries: readonly VaultEntry[]): void;
  /** Resolves once all is written. */
  close(): Promise<void>;
}

export interface VaultFileOptions {
  readonly file: string;
  /** 32 bytes, for AES-256-GCM (NIST SP 800-38D). */
  readonly key: Uint8Array;
  readonly nowMs: number;
  /** Older entries are forgotten. */
  readonly retentionMs: number;
  failed(error: RecordError): void;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Opens the vault and drops what is too old; what can't be opened is left out and counted. */
export async function openVaultFile(options: VaultFileOptions): Promise<VaultFile> {
  const { file, key, nowMs, retentionMs } = options;
  makePrivateFile(file);
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const opened = lines.map((line) => open(line, key));
  const found = opened.filter((entry) => entry !== undefined);
  const entries = found.filter(({ createdAtMs }) => createdAtMs > nowMs - retentionMs);
  const damagedLines = lines.length - found.length;
  const setAside = damagedLines === 0 ? undefined : asideName(file, nowMs);
  if (setAside !== undefined) await copyFile(file, setAside, constants.COPYFILE_EXCL);
  if (entries.length < lines.length) await rewrite(file, entries, key);
  let pending: Promise<void> = Promise.resolve();
  const then = (write: () => Promise<void>): void => {
    pending = pending
      .then(write)
      .catch((cause: unknown) =>
        options.failed(
          new RecordError('write-failed', `${file} can't be written: ${String(cause)}`, { cause }),
        ),
      );
  };
  return {
    entries,
    damagedLines,
    setAside,
    // The line break before it ends a line that a full disk has cut.
    append: (entry) => then(() => appendFile(file, `\n${seal(entry, key)}\n`)),
    replace: (newer) => then(() => rewrite(file, newer, key)),
    close: () => pending,
  };
}

/** What a damaged file is called once it was set aside; the name says when. */
export function asideName(file: string, nowMs: number): string {
  const first = `${file}.damaged-${nowMs}`;
  let name = first;
  for (let again = 2; existsSync(name); again++) name = `${first}-${again}`;
  return name;
}

/** A new file takes the old one's place whole, so that a crash leaves one of the two. */
async function rewrite(file: string, entries: readonly VaultEntry[], key: Uint8Array): Promise<void> {
  const next = `${file}.next`;
  makePrivateFile(next);
  await writeFile(next, entries.map((entry) => `${seal(entry, key)}\n`).join(''));
  await rename(next, file);
}

function seal(entry: VaultEntry, key: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(entry), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

function open(line: string, key: Uint8Array): VaultEntry | undefined {
  const bytes = Buffer.from(line, 'base64');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as VaultEntry;
  } catch {
    return undefined; // counted as a damaged line
  }
}
