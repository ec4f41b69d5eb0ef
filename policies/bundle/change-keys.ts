/** Other keys for a role: a chain of roots, each vouched for by the one before (TUF specification 5.3, 6.1). */
import { type Key, Metadata, Root, Targets } from '@tufjs/models';
import { BundleError } from './bundle-error.ts';
import type { Signer } from './keys.ts';
import {
  expiry,
  openRepository,
  type RepositoryFiles,
  type Times,
  TOP_ROLES,
  writeFrom,
  writeRoot,
} from './repository.ts';

export interface KeyChange {
  /** A top-level role, or a group. */
  readonly role: string;
  readonly add: readonly Key[];
  /** Key ids. */
  readonly remove: readonly string[];
}

export interface RoleKeys {
  readonly role: string;
  readonly keyIds: readonly string[];
  readonly threshold: number;
}

/** Who signs what now. */
export function rolesOf(files: RepositoryFiles): readonly RoleKeys[] {
  const { root, targets } = openRepository(files);
  const groups = Object.values(targets.signed.delegations?.roles ?? {});
  return [
    ...TOP_ROLES.flatMap((role) => {
      const found = root.signed.roles[role];
      return found === undefined ? [] : [{ role, keyIds: found.keyIDs, threshold: found.threshold }];
    }),
    ...groups.map(({ name, keyIDs, threshold }) => ({ role: name, keyIds: keyIDs, threshold })),
  ];
}

interface RoleJson {
  keyids: string[];
  threshold: number;
  name?: string;
}

/** Changes keys and signs again all that the old keys had signed: what they signed no longer counts. */
export function changeKeys(
  files: RepositoryFiles,
  changes: readonly KeyChange[],
  signers: readonly Signer[],
  times: Times,
): { readonly rootVersion: number } {
  const opened = openRepository(files);
  const isTop = ({ role }: KeyChange): boolean => TOP_ROLES.some((name) => name === role);
  const top = changes.filter(isTop);
  const ofGroups = changes.filter((change) => !isTop(change));
  let { root } = opened;
  if (top.length > 0) {
    root = nextRoot(root, top, times);
    writeRoot(files, opened.root, root, signers);
  }
  const delegations = opened.targets.signed.delegations?.toJSON() as
    | { keys: Record<string, object>; roles: RoleJson[] }
    | undefined;
  const targetsChange = ofGroups.length > 0 || top.some(({ role }) => role === 'targets');
  const again = (before: Targets, extra: object = {}): Metadata<Targets> =>
    new Metadata(
      Targets.fromJSON({
        ...before.toJSON(),
        ...extra,
        version: before.version + 1,
        expires: expiry(times, 'targets'),
      } as Parameters<typeof Targets.fromJSON>[0]),
    );
  if (delegations !== undefined) for (const change of ofGroups) applyTo(delegations, change);
  const groups = new Map(
    ofGroups.flatMap(({ role }) => {
      const group = opened.groups.get(role);
      if (group === undefined) throw noSuchRole(role);
      return [[role, again(group.signed)] as const];
    }),
  );
  const targets = targetsChange
    ? again(opened.targets.signed, delegations === undefined ? {} : { delegations })
    : undefined;
  writeFrom(files, { root, targets, groups }, signers, times);
  return { rootVersion: root.signed.version };
}

const noSuchRole = (role: string): BundleError =>
  new BundleError('unknown-role', `There is no role or group "${role}".`, 'postern policy keys lists them.');

function nextRoot(before: Metadata<Root>, changes: readonly KeyChange[], times: Times): Metadata<Root> {
  const json = before.signed.toJSON() as unknown as {
    keys: Record<string, object>;
    roles: Record<string, RoleJson>;
  };
  const list = Object.entries(json.roles).map(([name, role]) => ({ ...role, name }));
  const state = { keys: json.keys, roles: list };
  for (const change of changes) applyTo(state, change);
  const roles = Object.fromEntries(state.roles.map(({ name, ...role }) => [name, role]));
  const used = new Set(state.roles.flatMap(({ keyids }) => keyids));
  const keys = Object.fromEntries(Object.entries(state.keys).filter(([id]) => used.has(id)));
  return new Metadata(
    Root.fromJSON({
      ...before.signed.toJSON(),
      keys,
      roles,
      version: before.signed.version + 1,
      expires: expiry(times, 'root'),
    } as Parameters<typeof Root.fromJSON>[0]),
  );
}

function applyTo(
  state: { keys: Record<string, object>; roles: RoleJson[] },
  { role: name, add, remove }: KeyChange,
): void {
  const role = state.roles.find((one) => one.name === name);
  if (role === undefined) throw noSuchRole(name);
  for (const key of add) state.keys[key.keyID] = key.toJSON();
  role.keyids = [
    ...new Set([...role.keyids.filter((id) => !remove.includes(id)), ...add.map((key) => key.keyID)]),
  ];
  if (role.keyids.length < role.threshold) {
    throw new BundleError(
      'last-key',
      `${name} would be left with ${role.keyids.length} keys and needs ${role.threshold}.`,
      'Rotate the key instead: a new one takes its place.',
    );
  }
}
