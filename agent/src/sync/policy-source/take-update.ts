/** One update: from a changed timestamp to a release on disk, every byte of it verified (TUF specification 5). */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Metadata, MetadataKind, type Targets } from '@tufjs/models';
import { type TargetFile, Updater } from 'tuf-js';
import {
  groupFolder,
  isGroupName,
  isTargetName,
  POLICY_TARGET,
  SIGNED_AT,
  SWITCHES_TARGET,
  TARGETS_FOLDER,
} from '../../../../policies/bundle/names.ts';
import { type FilesOptions, tufFetcher } from './fetch-files.ts';
import { trouble } from './policy-source-error.ts';
import { digestOf, type Release, type ReleaseStore } from './release-store.ts';
import { type Trust, trustFrom } from './verify.ts';

const MAX_FILES = 500;
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

export interface Taken {
  readonly release: Release;
  readonly signedAtMs: number | undefined;
  readonly validUntilMs: number;
  readonly versions: { root: number; timestamp: number; snapshot: number; targets: number };
}

export interface UpdateOptions extends FilesOptions {
  readonly url: URL;
  readonly groups: readonly string[];
  readonly store: ReleaseStore;
  readonly trust: Trust;
  readonly nowMs: number;
}

/** Throws what tuf-js throws, and PolicySourceError. */
export async function takeUpdate(timestampBytes: Uint8Array, options: UpdateOptions): Promise<Taken> {
  const { store, trust, url, groups } = options;
  const staging = path.join(store.folder('staging'), 'update');
  rmSync(staging, { recursive: true, force: true });
  const metadataDir = path.join(staging, 'metadata');
  const targetDir = path.join(staging, 'targets');
  for (const folder of [metadataDir, targetDir]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(store.folder('metadata')))
    copyFileSync(path.join(store.folder('metadata'), name), path.join(metadataDir, name));
  writeFileSync(path.join(metadataDir, 'root.json'), trust.rootBytes);
  const known = new Map([[new URL('timestamp.json', url).href, timestampBytes]]);
  const roots = new Map<number, Uint8Array>();
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: url.href,
    targetDir,
    targetBaseUrl: new URL(`${TARGETS_FOLDER}/`, url).href,
    fetcher: tufFetcher(options, staging, known, (version, bytes) => roots.set(version, bytes)),
  });
  try {
    await updater.refresh();
    const group = await chooseGroup(updater, groups);
    const chosen = chooseTargets(metadataDir, group);
    const facts = metadataFacts(metadataDir, group);
    for (const [version, bytes] of roots) if (version <= facts.versions.root) store.keepRoot(version, bytes);
    const trustNow = trustFrom(trust.rootBytes, store.roots());
    const release = await keepRelease(options, trustNow, updater, chosen, metadataDir, targetDir, group);
    store.keepMetadata(metadataDir);
    return { release, ...facts };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The first of the device's groups for which there is a policy. */
async function chooseGroup(updater: Updater, groups: readonly string[]): Promise<string | undefined> {
  for (const group of groups) {
    if (!isGroupName(group)) continue;
    const found = await updater.getTargetInfo(groupFolder(group) + POLICY_TARGET);
    if (found !== undefined) return group;
  }
  return undefined;
}

function readSigned(metadataDir: string, role: string): Targets {
  const data = JSON.parse(readFileSync(path.join(metadataDir, `${role}.json`), 'utf8')) as Parameters<
    typeof Metadata.fromJSON
  >[1];
  return Metadata.fromJSON(MetadataKind.Targets, data).signed;
}

/** Name within the release to target: the organisation's files, and a group's laid over them. */
function chooseTargets(metadataDir: string, group: string | undefined): ReadonlyMap<string, TargetFile> {
  const chosen = new Map<string, TargetFile>();
  for (const [name, target] of Object.entries(readSigned(metadataDir, 'targets').targets))
    if (!name.startsWith('groups/')) chosen.set(name, target);
  if (group !== undefined) {
    const folder = groupFolder(group);
    for (const [name, target] of Object.entries(readSigned(metadataDir, group).targets)) {
      const short = name.slice(folder.length);
      if (name.startsWith(folder) && short !== SWITCHES_TARGET) chosen.set(short, target);
    }
  }
  if (!chosen.has(POLICY_TARGET)) throw trouble('no-policy', 'No policy has been signed yet.');
  const bytes = [...chosen.values()].reduce((sum, { length }) => sum + length, 0);
  if (chosen.size > MAX_FILES || bytes > MAX_BUNDLE_BYTES)
    throw trouble('too-large', `This policy comes with ${chosen.size} files and ${bytes} bytes.`);
  for (const name of chosen.keys())
    if (!isTargetName(name)) throw trouble('not-as-signed', `"${name}" can't be a file of a policy.`);
  return chosen;
}

async function keepRelease(
  { store, nowMs }: UpdateOptions,
  trust: Trust,
  updater: Updater,
  chosen: ReadonlyMap<string, TargetFile>,
  metadataDir: string,
  targetDir: string,
  group: string | undefined,
): Promise<Release> {
  const files = Object.fromEntries(
    [...chosen].map(([name, target]) => [name, target.hashes['sha256'] ?? '']),
  );
  const digest = digestOf({ ...files, group: group ?? '' });
  const version = readSigned(metadataDir, group ?? 'targets').version;
  const releases = store.releases();
  const same = releases.find((release) => release.digest === digest);
  if (same !== undefined) {
    store.signAgain(same, metadataDir);
    if (trust.vouchesFor(same)) return same;
  }
  const present = new Map(
    releases.flatMap(({ directory, files: theirs }) =>
      Object.entries(theirs).map(([name, hash]) => [hash, path.join(directory, 'files', name)] as const),
    ),
  );
  const paths = new Map<string, string>();
  for (const [name, target] of chosen) {
    const here = present.get(files[name] ?? '');
    const cached = here === undefined ? undefined : await updater.findCachedTarget(target, here);
    const to = path.join(targetDir, String(paths.size));
    paths.set(name, cached ?? (await updater.downloadTarget(target, to)));
  }
  const facts = {
    digest,
    ...(group !== undefined && { group }),
    version,
    files,
    targets: Object.fromEntries([...chosen].map(([name, target]) => [name, target.path])),
    madeAtMs: nowMs,
  };
  return store.add(facts, (folder) => {
    for (const [name, from] of paths) {
      const to = path.join(folder, 'files', name);
      mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
      copyFileSync(from, to);
    }
    for (const role of ['targets', ...(group === undefined ? [] : [group])])
      copyFileSync(path.join(metadataDir, `${role}.json`), path.join(folder, 'signed', `${role}.json`));
  });
}

function metadataFacts(metadataDir: string, group: string | undefined) {
  const signed = (role: string): { version: number; expires: string } & Record<string, unknown> => {
    const text = readFileSync(path.join(metadataDir, `${role}.json`), 'utf8');
    return (JSON.parse(text) as { signed: { version: number; expires: string } & Record<string, unknown> })
      .signed;
  };
  const roles = ['root', 'timestamp', 'snapshot', 'targets'] as const;
  const [root, timestamp, snapshot, targets] = roles.map(signed);
  const all = [root, timestamp, snapshot, targets, ...(group === undefined ? [] : [signed(group)])];
  const signedAtMs = Date.parse(String(timestamp?.[SIGNED_AT]));
  return {
    versions: {
      root: root?.version ?? 0,
      timestamp: timestamp?.version ?? 0,
      snapshot: snapshot?.version ?? 0,
      targets: targets?.version ?? 0,
    },
    validUntilMs: Math.min(...all.map((one) => Date.parse(one?.expires ?? ''))),
    signedAtMs: Number.isNaN(signedAtMs) ? undefined : signedAtMs,
  };
}
