import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { KeychainAnswer, KeychainReader } from '../../core/secrets.ts';

export interface Keychain extends KeychainReader {
  /** What is there afterwards: `found` with the same value, if all went well. */
  write(account: string, value: string): Promise<KeychainAnswer>;
  remove(account: string): Promise<KeychainAnswer>;
}

export type HelperQuestion =
  | { readonly operation: 'read' | 'remove'; readonly account: string }
  | { readonly operation: 'write'; readonly account: string; readonly value: string };
export type HelperAnswer = { readonly value: string | null } | { readonly error: string };

export interface KeychainOptions {
  /** Who doesn't answer by then waits for a person, or for nobody. */
  readonly deadlineMs?: number;
  readonly helper?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const DEADLINE_MS = 5_000;
const HELPER = fileURLToPath(new URL('./keychain.worker.ts', import.meta.url));

/** How the person's session is found; nothing that would change what Node does. */
const SESSION_VARIABLES = [
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'HOME',
  'USER',
  'LOGNAME',
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
];

/** The keychain of the person whose agent this is: macOS Keychain, Windows Credential Manager, Secret Service. */
export function osKeychain(options: KeychainOptions = {}): Keychain {
  const ask = (question: HelperQuestion): Promise<KeychainAnswer> => askHelper(question, options);
  return {
    read: (account) => ask({ operation: 'read', account }),
    write: (account, value) => ask({ operation: 'write', account, value }),
    remove: (account) => ask({ operation: 'remove', account }),
  };
}

function askHelper(question: HelperQuestion, options: KeychainOptions): Promise<KeychainAnswer> {
  const { deadlineMs = DEADLINE_MS, helper = HELPER, env = process.env } = options;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [helper], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: Object.fromEntries(SESSION_VARIABLES.map((name) => [name, env[name]])),
      windowsHide: true,
    });
    const settle = (answer: KeychainAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle({ kind: 'silent', why: `it did not answer within ${deadlineMs / 1000} s` });
    }, deadlineMs);
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', (error) => settle({ kind: 'failed', why: error.message }));
    child.once('close', (code, signal) => {
      const text = Buffer.concat(said).toString('utf8');
      if (text === '') settle({ kind: 'failed', why: `its helper ended with ${signal ?? `code ${code}`}` });
      else settle(readAnswer(text));
    });
    // A helper that has died already takes no question: `close` says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(question));
  });
}

function readAnswer(text: string): KeychainAnswer {
  let answer: HelperAnswer;
  try {
    answer = JSON.parse(text) as HelperAnswer;
  } catch {
    // Without what it said: that may be half a secret.
    return { kind: 'failed', why: 'its helper broke off' };
  }
  if ('error' in answer) return { kind: kindOf(answer.error), why: answer.error };
  return answer.value === null ? { kind: 'none' } : { kind: 'found', value: answer.value };
}

/** The library gives words only: of D-Bus and the Secret Service, of Security.framework, of Credential Manager. */
export function kindOf(message: string): 'absent' | 'locked' | 'failed' {
  if (
    /locked|prompt(?:er)? (?:was )?dismissed|No ?Storage ?Access|user interaction is not allowed|-25308|-128\b/i.test(
      message,
    )
  )
    return 'locked';
  if (
    /DBus|D-Bus|ServiceUnknown|not provided by any|no default collection|NoDefaultStore|ERROR_NO_SUCH_LOGON_SESSION|-25307/i.test(
      message,
    )
  )
    return 'absent';
  return 'failed';
}
