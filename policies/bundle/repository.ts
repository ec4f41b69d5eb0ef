/**
 * A bundle repository: TUF metadata and target files, as they lie on a bucket or CDN. This folder makes and changes
 * them; it touches no disk and holds no private key: files and signers are handed in. Whoever fetches relies on
 * tuf-js, and on `names.ts`.
 */
import { createHash } from 'node:crypto';
import {
  type Key,
  Metadata,
  MetadataKind,
  MetaFile,
  Root,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';
import { BundleError } from './bundle-error.ts';
import { type Signer, signWith } from './keys.ts';
import { SIGNED_AT, TARGETS_FOLDER } from './names.ts';

/** The published tree, by name relative to its root. */
export interface RepositoryFiles {
  read(name: string): Uint8Array | undefined;
  write(name: string, bytes: Uint8Array): void;
}

export const TOP_ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type TopRole = (typeof TOP_ROLES)[number];

/** How long signed metadata counts. A device that gets nothing newer is out of date from then on. */
export const LIFETIME_DAYS: Readonly<Record<TopRole, number>> = {
  root: 365,
  targets: 90,
  snapshot: 30,
  timestamp: 7,
};

export interface Times {
  readonly nowMs: number;
  readonly lifetimeDays: Readonly<Record<TopRole, number>>;
}

/** What the newest timestamp leads to, checked against the newest root; signatures count, expiry doesn't. */
export interface Opened {
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
  /** Group roles by name. */
  readonly groups: ReadonlyMap<string, Metadata<Targets>>;
}

const DAY_MS = 86_400_000;

export const expiry = ({ nowMs, lifetimeDays }: Times, role: TopRole): string =>
  // The specification wants whole seconds: 4.2, "expires".
  new Date(nowMs + lifetimeDays[role] * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');

export const bytesOf = (metadata: { toJSON(): object }): Buffer =>
  Buffer.from(JSON.stringify(metadata.toJSON()));

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The first root, and empty metadata below it. */
export function createRepository(
  files: RepositoryFiles,
  keys: Readonly<Record<TopRole, readonly Key[]>>,
  rootThreshold: number,
  signers: readonly Signer[],
  times: Times,
): void {
  if (files.read('1.root.json') !== undefined) {
    throw new BundleError(
      'repository-exists',
      'There is a repository in this folder already.',
      'Take another folder, or change its keys with `postern policy rotate`.',
    );
  }
  const root = new Root({
    version: 1,
    specVersion: '1.0.31',
    expires: expiry(times, 'root'),
    consistentSnapshot: true,
  });
  for (const role of TOP_ROLES) for (const key of keys[role]) root.addKey(key, role);
  const roles = root.toJSON()['roles'] as Record<string, { threshold: number }>;
  const ofRoot = roles['root'];
  if (ofRoot !== undefined) ofRoot.threshold = rootThreshold;
  const metadata = new Metadata(
    Root.fromJSON({ ...root.toJSON(), roles } as Parameters<typeof Root.fromJSON>[0]),
  );
  writeRoot(files, metadata, metadata, signers);
  writeFrom(files, { root: metadata, targets: undefined, groups: new Map() }, signers, times);
}

/** Every root must be vouched for by the one before and by itself (specification 5.3.4, 5.3.5). */
export function writeRoot(
  files: RepositoryFiles,
  before: Metadata<Root>,
  next: Metadata<Root>,
  signers: readonly Signer[],
): void {
  const keyIds = [before, next].flatMap(({ signed }) => signed.roles['root']?.keyIDs ?? []);
  signWith(next, signers, keyIds);
  for (const judge of [before, next]) requireSigned(judge, 'root', next);
  files.write(`${next.signed.version}.root.json`, bytesOf(next));
}

/** Signed by enough of the keys that the delegator names; says in words whose signature is wanted. */
export function requireSigned(
  delegator: Metadata<Root> | Metadata<Targets>,
  role: string,
  metadata: Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>,
): void {
  try {
    delegator.verifyDelegate(role, metadata);
  } catch (cause) {
    throw new BundleError(
      'missing-signatures',
      `Not enough keys of ${role} are at hand: ${cause instanceof Error ? cause.message : String(cause)}.`,
      `Give every folder with ${role} keys: --keys A --keys B.`,
      { cause },
    );
  }
}

/** The newest state. Throws BundleError where a file is missing or a signature is wrong: nothing is built on that. */
export function openRepository(files: RepositoryFiles): Opened {
  let root = readRoot(files, 1);
  if (root === undefined) {
    throw new BundleError(
      'no-repository',
      'This folder holds no bundle repository.',
      'Make one with `postern policy keygen`.',
    );
  }
  for (let version = 2; ; version += 1) {
    const next = readRoot(files, version);
    if (next === undefined) break;
    requireSigned(root, 'root', next);
    requireSigned(next, 'root', next);
    root = next;
  }
  const timestamp = parse(files, 'timestamp.json', MetadataKind.Timestamp);
  const snapshotVersion = timestamp.signed.snapshotMeta.version;
  const snapshot = parse(files, `${snapshotVersion}.snapshot.json`, MetadataKind.Snapshot);
  const targetsOf = (role: string): Metadata<Targets> =>
    parse(files, `${snapshot.signed.meta[`${role}.json`]?.version}.${role}.json`, MetadataKind.Targets);
  const targets = targetsOf('targets');
  const groups = new Map(
    Object.keys(targets.signed.delegations?.roles ?? {}).map((name) => [name, targetsOf(name)] as const),
  );
  return { root, timestamp, snapshot, targets, groups };
}

function readRoot(files: RepositoryFiles, version: number): Metadata<Root> | undefined {
  const name = `${version}.root.json`;
  return files.read(name) === undefined ? undefined : parse(files, name, MetadataKind.Root);
}

function parse(files: RepositoryFiles, name: string, kind: MetadataKind.Root): Metadata<Root>;
function parse(files: RepositoryFiles, name: string, kind: MetadataKind.Targets): Metadata<Targets>;
function parse(files: RepositoryFiles, name: string, kind: MetadataKind.Snapshot): Metadata<Snapshot>;
function parse(files: RepositoryFiles, name: string, kind: MetadataKind.Timestamp): Metadata<Timestamp>;
function parse(files: RepositoryFiles, name: string, kind: MetadataKind): unknown {
  const bytes = files.read(name);
  if (bytes === undefined) throw new BundleError('bad-metadata', `The repository lacks ${name}.`);
  try {
    const data = JSON.parse(Buffer.from(bytes).toString('utf8')) as Parameters<typeof Metadata.fromJSON>[1];
    return Metadata.fromJSON(kind as MetadataKind.Root, data);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BundleError('bad-metadata', `${name} can't be read: ${why}.`, undefined, { cause });
  }
}

/** New targets of the organisation or of a group; what isn't given stays as it was. */
export interface Changes {
  readonly root: Metadata<Root>;
  readonly targets: Metadata<Targets> | undefined;
  readonly groups: ReadonlyMap<string, Metadata<Targets>>;
}

/** Writes targets, snapshot and timestamp anew, in the order in which each vouches for the one before. */
export function writeFrom(
  files: RepositoryFiles,
  { root, targets: given, groups }: Changes,
  signers: readonly Signer[],
  times: Times,
): void {
  const present = files.read('timestamp.json') === undefined ? undefined : openRepository(files);
  const targets =
    given ??
    present?.targets ??
    new Metadata(new Targets({ version: 1, specVersion: '1.0.31', expires: expiry(times, 'targets') }));
  if (given !== undefined || present === undefined) writeTargets(files, root, 'targets', targets, signers);
  for (const [name, group] of groups) writeTargets(files, targets, name, group, signers);
  const meta: Record<string, MetaFile> = { 'targets.json': metaOf(targets) };
  for (const name of Object.keys(targets.signed.delegations?.roles ?? {})) {
    const group = groups.get(name) ?? present?.groups.get(name);
    if (group !== undefined) meta[`${name}.json`] = metaOf(group);
  }
  const snapshot = new Metadata(
    new Snapshot({
      version: (present?.snapshot.signed.version ?? 0) + 1,
      specVersion: '1.0.31',
      expires: expiry(times, 'snapshot'),
      meta,
    }),
  );
  signWith(snapshot, signers, root.signed.roles['snapshot']?.keyIDs ?? []);
  requireSigned(root, 'snapshot', snapshot);
  files.write(`${snapshot.signed.version}.snapshot.json`, bytesOf(snapshot));
  writeTimestamp(files, root, snapshot, present?.timestamp, signers, times);
}

function writeTargets(
  files: RepositoryFiles,
  delegator: Metadata<Root> | Metadata<Targets>,
  role: string,
  metadata: Metadata<Targets>,
  signers: readonly Signer[],
): void {
  const { signed } = delegator;
  const keyIds =
    signed instanceof Root ? signed.roles[role]?.keyIDs : signed.delegations?.roles?.[role]?.keyIDs;
  signWith(metadata, signers, keyIds ?? []);
  requireSigned(delegator, role, metadata);
  files.write(`${metadata.signed.version}.${role}.json`, bytesOf(metadata));
}

export function writeTimestamp(
  files: RepositoryFiles,
  root: Metadata<Root>,
  snapshot: Metadata<Snapshot>,
  before: Metadata<Timestamp> | undefined,
  signers: readonly Signer[],
  times: Times,
): void {
  const timestamp = new Metadata(
    new Timestamp({
      version: (before?.signed.version ?? 0) + 1,
      specVersion: '1.0.31',
      expires: expiry(times, 'timestamp'),
      snapshotMeta: metaOf(snapshot),
      unrecognizedFields: { [SIGNED_AT]: new Date(times.nowMs).toISOString() },
    }),
  );
  signWith(timestamp, signers, root.signed.roles['timestamp']?.keyIDs ?? []);
  requireSigned(root, 'timestamp', timestamp);
  files.write('timestamp.json', bytesOf(timestamp));
}

function metaOf(metadata: Metadata<Snapshot> | Metadata<Targets>): MetaFile {
  const bytes = bytesOf(metadata);
  return new MetaFile({
    version: metadata.signed.version,
    length: bytes.length,
    hashes: { sha256: sha256(bytes) },
  });
}

/** Describes a target file and writes it under its hash, so that it never changes once it is published. */
export function addTargetFile(files: RepositoryFiles, path: string, bytes: Uint8Array): TargetFile {
  const hash = sha256(bytes);
  const slash = path.lastIndexOf('/') + 1;
  files.write(`${TARGETS_FOLDER}/${path.slice(0, slash)}${hash}.${path.slice(slash)}`, bytes);
  return new TargetFile({ path, length: bytes.length, hashes: { sha256: hash } });
}
