import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { trouble } from './policy-source-error.ts';
import { type Release, ReleaseStore } from './release-store.ts';
import { type Trust, trustFrom } from './verify.ts';

export interface SourceConfig {
  readonly url: string;
  readonly pollSeconds: number;
  readonly rootFile?: string | undefined;
  readonly rootFingerprint?: string | undefined;
  /** Hex SHA-256 of the roots that came with the enrolment; where there are any, no other root is trusted. */
  readonly enrolledRoots?: readonly string[] | undefined;
  readonly groups: readonly string[];
  readonly hintUrl?: string | undefined;
}

export type WriteFile = (file: string, content: string | Uint8Array) => void;

/** Where the releases of one repository are kept, and what it is trusted by. */
export interface OpenStore {
  readonly store: ReleaseStore;
  /** The root that everything begins with; unknown until it has been fetched where only its fingerprint is given. */
  pinned: Buffer | undefined;
  /** Of the roots that may be the first. */
  readonly fingerprints: readonly string[];
}

/** Throws PolicySourceError: no root to trust, or another organisation's. */
export function openStore(
  { rootFile, rootFingerprint, enrolledRoots }: SourceConfig,
  home: string,
  write: WriteFile,
): OpenStore {
  const bytes = rootFile === undefined ? undefined : readRootFile(rootFile);
  const named = bytes === undefined ? rootFingerprint?.replace(/^sha256:/, '') : sha256(bytes);
  if (named !== undefined && enrolledRoots?.includes(named) === false) {
    throw trouble(
      'other-root',
      'policy.source names a root that is not of the organisation that this device is enrolled with.',
    );
  }
  const fingerprints = named === undefined ? (enrolledRoots ?? []) : [named];
  const [first] = fingerprints;
  if (first === undefined) throw trouble('no-root', 'policy.source names no root to trust.');
  const store = new ReleaseStore(path.join(home, 'bundles', first.slice(0, 16)), write);
  const pinned = bytes ?? store.roots().find((root) => fingerprints.includes(sha256(root.bytes)))?.bytes;
  return { store, pinned, fingerprints };
}

export const trustOf = ({ pinned, store }: OpenStore): Trust | undefined =>
  pinned === undefined ? undefined : trustFrom(pinned, store.roots());

/** What earlier runs have brought, for commands without an agent and for its start; the best first. */
export function storedReleases(config: SourceConfig, home: string, write: WriteFile): readonly Release[] {
  try {
    const opened = openStore(config, home, write);
    const trust = trustOf(opened);
    return trust === undefined ? [] : [...opened.store.usable(trust)];
  } catch {
    return []; // told by the source itself, when it runs
  }
}

function readRootFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw trouble('no-root', `policy.source.rootFile can't be read: ${(cause as Error).message}`, cause);
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
