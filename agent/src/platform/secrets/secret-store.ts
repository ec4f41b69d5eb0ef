import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Problem } from '../../core/problem.ts';
import type { KeychainAnswer, SecretStore } from '../../core/secrets.ts';
import { errorCode, PlatformError } from '../platform-error.ts';
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from '../private-files.ts';
import type { Keychain } from './keychain.ts';
import { KEY_BYTES, readSealedFile, setAside, unseal, writeSealedFile } from './sealed-file.ts';

export interface SecretStoreOptions {
  /** `<home>/secrets`. */
  readonly directory: string;
  readonly store: 'keychain-or-file' | 'keychain' | 'file';
  readonly keychain: Keychain;
  readonly nowMs: () => number;
  readonly event: (code: string, detail: string) => void;
}

/** A keychain that wants its password is asked again no sooner: each question may show the person a window. */
const ASK_AGAIN_MS = 30_000;

interface Opened {
  readonly key: Buffer;
  readonly keyIn: 'keychain' | 'file';
}

/**
 * One file with everything, sealed by one key that lies in the OS keychain or, failing that, in a file beside it. Credential
 * Manager takes 2,560 bytes an entry, and tokens of some providers are longer; and one entry is one question (0140).
 */
export function openSecretStore(options: SecretStoreOptions): SecretStore {
  const { directory, store, keychain, nowMs, event } = options;
  const file = path.join(directory, 'sealed.json');
  const keyFile = path.join(directory, 'key');
  const account = `home ${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  let entries = new Map<string, string>();
  /** What was set or deleted while the store was closed. */
  const waiting = new Map<string, string | undefined>();
  let opened: Opened | undefined;
  let problem: Problem | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: two openings would make two keys. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const next = last.then(act);
    last = next.catch(() => undefined); // whoever asked hears of it
    return next;
  };

  const open = async (toWrite: boolean): Promise<void> => {
    if (opened !== undefined) return;
    const found = readSealedFile(file);
    if (found === undefined) {
      if (toWrite) opened = await makeKey();
      return;
    }
    if (found === 'damaged') return startAnew('it is damaged');
    if (found.keyIn === 'keychain' && nowMs() - askedAtMs < ASK_AGAIN_MS) return;
    const key = found.keyIn === 'file' ? readPrivateFile(keyFile) : await keyFromKeychain();
    if (key === 'closed') return;
    const bytes = Buffer.from(key ?? '', 'base64');
    const unsealed = unseal(found, bytes);
    if (unsealed === undefined)
      return startAnew(key === undefined ? 'its key is gone' : 'its key does not open it');
    entries = unsealed;
    opened = { key: bytes, keyIn: found.keyIn };
    problem = undefined;
    if (found.keyIn === 'file' && store !== 'file') await moveToKeychain();
  };

  const startAnew = (why: string): void => {
    setAside(file, nowMs());
    event('secrets-unreadable', `${file} was set aside: ${why}`);
    problem = {
      code: 'secrets-unreadable',
      text: `What was kept of your sign-in and keys can't be read any more: ${why}.`,
      mend: 'Sign in again (postern login), and give typed keys again (postern key add NAME).',
    };
  };

  /** `closed`: it is there, but not to be had now. */
  const keyFromKeychain = async (): Promise<string | undefined | 'closed'> => {
    askedAtMs = nowMs();
    const answer = await keychain.read(account);
    if (answer.kind === 'found') return answer.value;
    if (answer.kind === 'none') return undefined;
    problem = closedProblem(answer);
    return 'closed';
  };

  const makeKey = async (): Promise<Opened | undefined> => {
    ensurePrivateDirectory(directory);
    const key = randomBytes(KEY_BYTES);
    if (store !== 'file') {
      if (nowMs() - askedAtMs >= ASK_AGAIN_MS) {
        askedAtMs = nowMs();
        const answer = await keychain.write(account, key.toString('base64'));
        if (answer.kind === 'found' && answer.value === key.toString('base64')) {
          problem = undefined;
          return { key, keyIn: 'keychain' };
        }
        problem = store === 'keychain' ? closedProblem(answer) : fallbackProblem(answer);
      }
      if (store === 'keychain') return undefined;
    }
    writePrivateFile(keyFile, key.toString('base64'));
    return { key, keyIn: 'file' };
  };

  /** There was no keychain when the store was made, or it was locked. */
  const moveToKeychain = async (): Promise<void> => {
    const held = opened;
    if (held === undefined) return;
    askedAtMs = nowMs();
    const fresh = randomBytes(KEY_BYTES);
    const answer = await keychain.write(account, fresh.toString('base64'));
    if (answer.kind !== 'found' || answer.value !== fresh.toString('base64')) {
      if (store === 'keychain-or-file') problem = fallbackProblem(answer);
      return;
    }
    writeSealedFile(file, 'keychain', fresh, entries);
    opened = { key: fresh, keyIn: 'keychain' };
    fs.rmSync(keyFile, { force: true });
    event('secrets-moved', 'from a file to the keychain');
  };

  const write = async (): Promise<void> => {
    try {
      await open(true);
      if (opened === undefined) return;
      for (const [name, value] of waiting) {
        if (value === undefined) entries.delete(name);
        else entries.set(name, value);
      }
      ensurePrivateDirectory(directory);
      writeSealedFile(file, opened.keyIn, opened.key, entries);
      waiting.clear();
      if (problem?.code === 'secrets-not-written') problem = undefined;
    } catch (error) {
      problem = notWritten(error);
      event('secrets-not-written', problem.text);
    }
  };

  const current = async (): Promise<ReadonlyMap<string, string>> => {
    try {
      await open(false);
    } catch (error) {
      problem = notWritten(error);
    }
    if (opened !== undefined && waiting.size > 0) await write();
    const merged = new Map(entries);
    for (const [name, value] of waiting) {
      if (value === undefined) merged.delete(name);
      else merged.set(name, value);
    }
    return merged;
  };

  return {
    get: (name) => inTurn(async () => (await current()).get(name)),
    names: () => inTurn(async () => [...(await current()).keys()]),
    set(name, value) {
      waiting.set(name, value);
      return inTurn(write);
    },
    delete: (name) =>
      inTurn(async () => {
        if (!(await current()).has(name) && opened !== undefined) return;
        // With nothing kept there is nothing to take out, and no key to make for it.
        if (opened === undefined && !fs.existsSync(file)) return void waiting.delete(name);
        waiting.set(name, undefined);
        await write();
      }),
    get kept() {
      return opened?.keyIn ?? (problem === undefined && waiting.size === 0 ? 'unopened' : 'memory');
    },
    get problem() {
      return problem;
    },
  };
}

const WORDS: Readonly<Record<KeychainAnswer['kind'], string>> = {
  found: 'gave back something else',
  none: 'did not keep what it was given',
  absent: 'is not there',
  locked: 'is locked',
  silent: 'does not answer; it may be waiting for its password',
  failed: 'failed',
};

const UNLOCK =
  'Unlock it (log in to the desktop, or open the password manager of the system); it is asked again by itself.';

const closedProblem = (answer: KeychainAnswer): Problem => ({
  code: answer.kind === 'absent' ? 'keychain-absent' : 'keychain-locked',
  text: `The system's keychain ${WORDS[answer.kind]}: sign-in and keys can't be read from it, and what is new is kept only until the agent stops.`,
  mend:
    answer.kind === 'absent'
      ? 'Start a keychain (Secret Service), or set secrets.store to keychain-or-file.'
      : UNLOCK,
});

/** Where there is none at all, the file is how it is meant to be. */
function fallbackProblem(answer: KeychainAnswer): Problem | undefined {
  if (answer.kind === 'absent') return undefined;
  return {
    code: 'keychain-locked',
    text: `The system's keychain ${WORDS[answer.kind]}: sign-in and keys are kept in a file that only you can read.`,
    mend: 'Unlock it; they move there at the next start. Or set secrets.store to file.',
  };
}

const notWritten = (error: unknown): Problem => ({
  code: 'secrets-not-written',
  text: `Sign-in and keys are kept only until the agent stops: ${error instanceof Error ? error.message : String(errorCode(error))}`,
  mend: error instanceof PlatformError ? error.mend : undefined,
});
