/** Which of the machine's trust stores hold our CA. Reads only; adding and removing is the installer's work. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Environment, Platform } from './operating-system.ts';
import { errorCode } from './platform-error.ts';

export interface TrustStoreState {
  readonly store: string;
  /** Which programs look there. */
  readonly readBy: string;
  readonly state: 'trusted' | 'absent' | 'unknown';
  readonly detail: string;
}

const run = promisify(execFile);
const TIMEOUT_MS = 5000;

export async function trustStoreStates(
  caPem: string,
  here: Platform,
  env: Environment,
  homeDirectory: string,
): Promise<readonly TrustStoreState[]> {
  const ca = new X509Certificate(caPem);
  if (here.os === 'darwin') return [await inKeychain(ca)];
  if (here.os === 'win32') return [await inWindowsStore(ca)];
  return [
    inSystemBundle(ca, here.systemRootFiles),
    await inNssDatabase(ca, path.join(homeDirectory, '.pki/nssdb'), env, {
      store: 'NSS',
      readBy: 'Chromium, Chrome',
    }),
    ...(await inFirefoxProfiles(ca, homeDirectory, env)),
    ...(await inJava(ca, env)),
  ];
}

function inSystemBundle(ca: X509Certificate, files: readonly string[]): TrustStoreState {
  const about = { store: 'system', readBy: 'curl, git, Python ssl, Go, Claude Code, Codex' } as const;
  const file = files.find((candidate) => fs.existsSync(candidate));
  if (!file) return { ...about, state: 'unknown', detail: 'no system bundle found' };
  const flat = (pem: string): string => pem.replace(/-----[^-]+-----|\s+/g, '');
  const trusted = flat(fs.readFileSync(file, 'utf8')).includes(flat(ca.toString()));
  return { ...about, state: trusted ? 'trusted' : 'absent', detail: file };
}

async function inNssDatabase(
  ca: X509Certificate,
  directory: string,
  env: Environment,
  about: Pick<TrustStoreState, 'store' | 'readBy'>,
): Promise<TrustStoreState> {
  if (!fs.existsSync(directory)) return { ...about, state: 'absent', detail: `${directory} doesn't exist` };
  const certutil = async (...args: string[]): Promise<string> =>
    (
      await run('certutil', ['-d', `sql:${directory}`, '-L', ...args], {
        timeout: TIMEOUT_MS,
        env: { ...env },
      })
    ).stdout;
  try {
    for (const [, nickname, flags] of (await certutil()).matchAll(
      /^(.+?)\s+([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*)\s*$/gm,
    )) {
      if (!nickname || !/^[a-zA-Z]*C/.test(flags ?? '')) continue; // C: trusted to issue server certificates
      if (new X509Certificate(await certutil('-n', nickname, '-a')).fingerprint256 === ca.fingerprint256) {
        return { ...about, state: 'trusted', detail: `${directory} (${nickname})` };
      }
    }
    return { ...about, state: 'absent', detail: directory };
  } catch (error) {
    return { ...about, state: 'unknown', detail: whyUnknown(error, 'certutil (package libnss3-tools)') };
  }
}

/** Firefox on Linux reads no system store: each profile has a database of its own. None, no answer. */
async function inFirefoxProfiles(
  ca: X509Certificate,
  homeDirectory: string,
  env: Environment,
): Promise<readonly TrustStoreState[]> {
  const places = ['.mozilla/firefox', 'snap/firefox/common/.mozilla/firefox', '.config/mozilla/firefox'];
  const profiles = places
    .map((place) => path.join(homeDirectory, place))
    .filter((place) => fs.existsSync(place))
    .flatMap((place) => fs.readdirSync(place).map((name) => path.join(place, name)))
    .filter((profile) => fs.existsSync(path.join(profile, 'cert9.db')));
  return Promise.all(
    profiles.map((profile) =>
      inNssDatabase(ca, profile, env, {
        store: 'Firefox profile',
        readBy: `Firefox, ${path.basename(profile)}`,
      }),
    ),
  );
}

/** The JVM's own list; programs under `postern run` are given ours by JAVA_TOOL_OPTIONS. No JVM, no answer. */
async function inJava(ca: X509Certificate, env: Environment): Promise<readonly TrustStoreState[]> {
  const about = { store: 'Java cacerts', readBy: 'Java, Kotlin, Scala, IntelliJ builds' } as const;
  const { JAVA_TOOL_OPTIONS: _ours, ...rest } = env;
  try {
    const { stdout } = await run('keytool', ['-list', '-cacerts', '-storepass', 'changeit'], {
      timeout: TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
      env: rest,
    });
    const found = stdout.includes(ca.fingerprint256);
    return [{ ...about, state: found ? 'trusted' : 'absent', detail: 'asked by keytool' }];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    return [{ ...about, state: 'unknown', detail: whyUnknown(error, 'keytool').split('\n', 1)[0] ?? '' }];
  }
}

async function inKeychain(ca: X509Certificate): Promise<TrustStoreState> {
  const about = { store: 'keychain', readBy: 'Safari, Chrome, curl, Claude Code, Codex' } as const;
  try {
    const { stdout } = await run('/usr/bin/security', ['find-certificate', '-a', '-Z'], {
      timeout: TIMEOUT_MS,
    });
    const found = stdout.includes(ca.fingerprint256.replaceAll(':', ''));
    return { ...about, state: found ? 'trusted' : 'absent', detail: 'found by its SHA-256 fingerprint' };
  } catch (error) {
    return { ...about, state: 'unknown', detail: whyUnknown(error, 'security') };
  }
}

async function inWindowsStore(ca: X509Certificate): Promise<TrustStoreState> {
  const about = { store: 'Windows Root', readBy: 'Edge, Chrome, curl, git with schannel' } as const;
  const thumbprint = ca.fingerprint.replaceAll(':', '').toLowerCase();
  for (const place of [['-user'], []]) {
    try {
      await run('certutil.exe', [...place, '-verifystore', 'Root', thumbprint], { timeout: TIMEOUT_MS });
      return { ...about, state: 'trusted', detail: place.length > 0 ? 'current user' : 'machine' };
    } catch (error) {
      if (errorCode(error) === 'ENOENT')
        return { ...about, state: 'unknown', detail: whyUnknown(error, 'certutil.exe') };
      // any other failure is certutil's way to say that the certificate isn't there
    }
  }
  return { ...about, state: 'absent', detail: 'neither user nor machine store' };
}

const whyUnknown = (error: unknown, tool: string): string =>
  errorCode(error) === 'ENOENT'
    ? `${tool} is not installed`
    : error instanceof Error
      ? error.message
      : String(error);
