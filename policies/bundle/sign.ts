/** Everyday work on a repository: new targets, and metadata whose time runs out. */
import { type Key, Metadata, Targets } from '@tufjs/models';
import { BundleError } from './bundle-error.ts';
import type { Signer } from './keys.ts';
import { groupFolder, groupPaths, isGroupName, isTargetName } from './names.ts';
import {
  addTargetFile,
  expiry,
  type Opened,
  openRepository,
  type RepositoryFiles,
  type Times,
  writeFrom,
  writeTimestamp,
} from './repository.ts';

type TargetsJson = Parameters<typeof Targets.fromJSON>[0];

export interface NewTargets {
  /** By name within the bundle: `policy.yaml`, `names.txt`. Replaces all that the bundle had. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Absent: the organisation's own, which every device takes that is in no group. */
  readonly group?: string;
  /** Who signs for a group that isn't there yet. */
  readonly groupKeys?: readonly Key[];
}

export interface Signed {
  readonly version: number;
  readonly timestampVersion: number;
}

export function signTargets(
  files: RepositoryFiles,
  { files: content, group, groupKeys = [] }: NewTargets,
  signers: readonly Signer[],
  times: Times,
): Signed {
  const opened = openRepository(files);
  if (group !== undefined && !isGroupName(group)) {
    throw new BundleError(
      'bad-name',
      `"${group}" can't be a group's name.`,
      'Use lower-case letters, digits and dashes; not root, targets, snapshot or timestamp.',
    );
  }
  const folder = group === undefined ? '' : groupFolder(group);
  const targets: Record<string, object> = {};
  for (const [name, bytes] of content) {
    if (!isTargetName(name)) {
      throw new BundleError(
        'bad-name',
        `"${name}" can't be a file's name in a bundle.`,
        'Use letters, digits, dots, dashes, and folders below the policy; no leading dot.',
      );
    }
    targets[folder + name] = addTargetFile(files, folder + name, bytes).toJSON();
  }
  const next = (before: Targets | undefined, changes: object): Metadata<Targets> =>
    new Metadata(
      Targets.fromJSON({
        ...(before?.toJSON() ?? { _type: 'targets', spec_version: '1.0.31' }),
        version: (before?.version ?? 0) + 1,
        expires: expiry(times, 'targets'),
        ...changes,
      } as TargetsJson),
    );
  if (group === undefined) {
    const metadata = next(opened.targets.signed, { targets });
    writeFrom(files, { root: opened.root, targets: metadata, groups: new Map() }, signers, times);
    return versions(files, metadata);
  }
  const metadata = next(opened.groups.get(group)?.signed, { targets });
  const delegating = delegated(opened, group, groupKeys, next);
  writeFrom(
    files,
    { root: opened.root, targets: delegating, groups: new Map([[group, metadata]]) },
    signers,
    times,
  );
  return versions(files, metadata);
}

const versions = (files: RepositoryFiles, metadata: Metadata<Targets>): Signed => ({
  version: metadata.signed.version,
  timestampVersion: openRepository(files).timestamp.signed.version,
});

/** The organisation's targets with a delegation to this group, if they have none yet. */
function delegated(
  { targets, root }: Opened,
  group: string,
  given: readonly Key[],
  next: (before: Targets, changes: object) => Metadata<Targets>,
): Metadata<Targets> | undefined {
  const { signed } = targets;
  if (signed.delegations?.roles?.[group] !== undefined) return undefined;
  const keys =
    given.length > 0
      ? given
      : (root.signed.roles['targets']?.keyIDs ?? []).flatMap((id) => root.signed.keys[id] ?? []);
  const before = signed.toJSON()['delegations'] as { keys?: object; roles?: object[] } | undefined;
  return next(signed, {
    delegations: {
      keys: { ...before?.keys, ...Object.fromEntries(keys.map((key) => [key.keyID, key.toJSON()])) },
      roles: [
        ...(before?.roles ?? []),
        {
          name: group,
          keyids: keys.map(({ keyID }) => keyID),
          threshold: 1,
          paths: groupPaths(group),
          // What a group doesn't have, nobody else may fill in under its name.
          terminating: true,
        },
      ],
    },
  });
}

/** Signs what runs out soon anew; contents stay. Needs the timestamp's key, and others' only when theirs run out. */
export function refresh(
  files: RepositoryFiles,
  signers: readonly Signer[],
  times: Times,
  dueWithinMs: number,
): { readonly renewed: readonly string[]; readonly timestampVersion: number } {
  const opened = openRepository(files);
  const due = ({ signed }: { signed: { expires: string } }): boolean =>
    Date.parse(signed.expires) - times.nowMs < dueWithinMs;
  const renew = ({ signed }: Metadata<Targets>): Metadata<Targets> =>
    new Metadata(
      Targets.fromJSON({
        ...signed.toJSON(),
        version: signed.version + 1,
        expires: expiry(times, 'targets'),
      } as TargetsJson),
    );
  const groups = new Map(
    [...opened.groups]
      .filter(([, group]) => due(group))
      .map(([name, group]) => [name, renew(group)] as const),
  );
  const targets = due(opened.targets) ? renew(opened.targets) : undefined;
  const renewed = [...groups.keys(), ...(targets === undefined ? [] : ['targets'])];
  if (renewed.length > 0 || due(opened.snapshot)) {
    writeFrom(files, { root: opened.root, targets, groups }, signers, times);
    renewed.push('snapshot');
  } else {
    writeTimestamp(files, opened.root, opened.snapshot, opened.timestamp, signers, times);
  }
  return {
    renewed: [...renewed, 'timestamp'],
    timestampVersion: openRepository(files).timestamp.signed.version,
  };
}
