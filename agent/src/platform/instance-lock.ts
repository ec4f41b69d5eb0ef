/**
 * One agent per home. Node has no flock, so the lock is a file that appears complete (written aside, then linked:
 * link(2) fails if the name is taken) and names its holder by process id and start time, so that neither a crash
 * nor a reused process id keeps a new agent out.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errorCode, PlatformError } from './platform-error.ts';
import { notWritable } from './private-files.ts';
import { processStartedAt } from './process-start.ts';

interface Holder {
  readonly pid: number;
  /** Opaque; equal for one process's whole life. Undefined where the OS doesn't tell cheaply. */
  readonly started: string | undefined;
  readonly nonce: string;
}

export interface InstanceLock {
  release(): void;
}

const ATTEMPTS = 20;

/** Throws PlatformError `already-running` if a living process holds the lock. */
export function acquireInstanceLock(file: string): InstanceLock {
  const mine: Holder = {
    pid: process.pid,
    started: processStartedAt(process.pid),
    nonce: randomBytes(8).toString('hex'),
  };
  const text = JSON.stringify(mine);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (createComplete(file, text)) return { release: () => releaseIfMine(file, text) };
    const found = readText(file);
    if (found === undefined) continue; // released between our two looks
    const holder = parseHolder(found);
    if (holder && isAlive(holder)) throw alreadyRunning(holder.pid, file);
    removeStale(file, found);
  }
  throw new PlatformError(
    'already-running',
    `The lock ${file} keeps changing hands.`,
    'Another agent is starting; try again.',
  );
}

/** The living holder's process id, for `stop`, `status` and `doctor`. */
export function instanceLockHolder(file: string): number | undefined {
  const text = readText(file);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder && isAlive(holder) ? holder.pid : undefined;
}

const alreadyRunning = (pid: number, file: string): PlatformError =>
  new PlatformError(
    'already-running',
    `An agent is already running for this home (process ${pid}, lock ${file}).`,
    'Use `postern status`, stop it with `postern stop`, or give this one its own --home.',
  );

function createComplete(file: string, text: string): boolean {
  const aside = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    fs.writeFileSync(aside, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    fs.rmSync(aside, { force: true });
    throw notWritable(path.dirname(file), error);
  }
  try {
    fs.linkSync(aside, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    return createWithoutLinks(file, text); // exFAT and some network shares have no hard links
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function createWithoutLinks(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (typeof value?.pid !== 'number' || !Number.isInteger(value.pid) || value.pid <= 0) return undefined;
    return { pid: value.pid, started: value.started, nonce: value.nonce ?? '' };
  } catch {
    return undefined; // not a lock of ours (or torn by a power loss): nobody alive can be holding it
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false; // EPERM: alive, another user's
  }
  const started = processStartedAt(holder.pid);
  return started === undefined || holder.started === undefined || started === holder.started;
}

/** Takes away exactly the lock that was found stale; one that somebody created meanwhile is put back. */
function removeStale(file: string, expected: string): void {
  const aside = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.stale`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== expected) restore(aside, file);
  fs.rmSync(aside, { force: true });
}

function restore(aside: string, file: string): void {
  try {
    fs.linkSync(aside, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function releaseIfMine(file: string, text: string): void {
  if (readText(file) === text) fs.rmSync(file, { force: true });
}
