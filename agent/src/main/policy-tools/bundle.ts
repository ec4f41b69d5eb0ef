/** `postern policy keygen`, `sign`, `publish`, `refresh`, `rotate`, `revoke`, `keys`: who publishes policy. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { BundleError } from '../../../../policies/bundle/bundle-error.ts';
import { changeKeys, rolesOf } from '../../../../policies/bundle/change-keys.ts';
import {
  CATALOGUE_TARGET,
  isGroupName,
  POLICY_TARGET,
  PRICES_TARGET,
  SWITCHES_TARGET,
} from '../../../../policies/bundle/names.ts';
import { readCatalogueOverlay, readJson, readPriceOverlay } from '../../../../policies/bundle/overlays.ts';
import {
  createRepository,
  LIFETIME_DAYS,
  openRepository,
  sha256,
  type Times,
  TOP_ROLES,
} from '../../../../policies/bundle/repository.ts';
import { refresh, signTargets } from '../../../../policies/bundle/sign.ts';
import { switchesSchema } from '../../../../policies/bundle/switches.ts';
import { loadCatalogue } from '../../../../policies/catalogue/catalogue.ts';
import { formatProblems } from '../../../../policies/schema/problem.ts';
import type {
  BundleKeys,
  BundlePlace,
  BundleTools,
  KeygenAnswer,
  PublishAnswer,
  RefreshAnswer,
  RotateAnswer,
  SignAnswer,
} from '../../cli/ports.ts';
import { CommandFailure } from '../../cli/ports.ts';
import { readPolicyFile, readPolicyText } from '../active-policy.ts';
import { type KeyFile, makeKeyFile, readKeyFiles, retireKeyFile } from './key-files.ts';
import { copyRepository, repositoryFolder } from './repository-folder.ts';

const DAY_MS = 86_400_000;

const times = (given: BundlePlace['lifetimeDays']): Times => ({
  nowMs: Date.now(),
  lifetimeDays: { ...LIFETIME_DAYS, ...given },
});

const passphraseOf = ({ passphraseFile }: BundlePlace): string | undefined =>
  passphraseFile === undefined ? undefined : readFileSync(passphraseFile, 'utf8').replace(/\r?\n$/, '');

/** Faults of a repository are the caller's to mend: exit code 2, with what to do. */
function orFailure<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new CommandFailure(`bundle-${error.code}`, 2, error.message, error.mend, { cause: error });
  }
}

export const bundleTools: BundleTools = {
  keygen: async (place, options) => orFailure(() => keygen(place, options)),
  sign: (place, options) => sign(place, options),
  publish: async (place, to) => orFailure(() => publish(place, to)),
  refresh: async (place) => orFailure(() => renew(place)),
  rotate: async (place, role, key) => orFailure(() => rotate(place, role, key)),
  revoke: async (place, key) => orFailure(() => revoke(place, key)),
  keys: async (place) => orFailure(() => keys(place)),
};

const firstDirectory = ({ keyDirectories }: BundlePlace): string => keyDirectories[0] ?? 'policy-keys';

function keygen(
  place: BundlePlace,
  { rootKeys, rootThreshold, group }: { rootKeys: number; rootThreshold: number; group: string | undefined },
): KeygenAnswer {
  const directory = firstDirectory(place);
  const passphrase = passphraseOf(place);
  if (group !== undefined) {
    if (!isGroupName(group))
      throw new BundleError(
        'bad-name',
        `"${group}" can't be a group's name.`,
        'Use letters, digits, dashes.',
      );
    return {
      files: [makeKeyFile(directory, `group-${group}`, passphrase).file],
      rootFile: undefined,
      fingerprint: undefined,
    };
  }
  if (rootThreshold > rootKeys)
    throw new CommandFailure(
      'usage',
      2,
      `${rootThreshold} of ${rootKeys} root keys can't sign.`,
      'Lower --root-threshold.',
    );
  const files = repositoryFolder(place.repository);
  if (files.read('1.root.json') !== undefined) openRepositoryRefused(place.repository);
  const root = Array.from({ length: rootKeys }, (_, index) =>
    makeKeyFile(directory, rootKeys === 1 ? 'root' : `root-${index + 1}`, passphrase),
  );
  const others = (['targets', 'snapshot', 'timestamp'] as const).map((role) =>
    makeKeyFile(directory, role, passphrase),
  );
  const [targets, snapshot, timestamp] = others.map(({ signer }) => [signer.key]);
  const all = [...root, ...others];
  createRepository(
    files,
    {
      root: root.map(({ signer }) => signer.key),
      targets: targets ?? [],
      snapshot: snapshot ?? [],
      timestamp: timestamp ?? [],
    },
    rootThreshold,
    all.map(({ signer }) => signer),
    times(place.lifetimeDays),
  );
  return {
    files: all.map(({ file }) => file),
    rootFile: path.join(place.repository, '1.root.json'),
    fingerprint: `sha256:${sha256(files.read('1.root.json') ?? new Uint8Array())}`,
  };
}

function openRepositoryRefused(directory: string): never {
  throw new BundleError(
    'repository-exists',
    `There is a repository in ${directory} already.`,
    'Take another folder with --repository, or change its keys with `postern policy rotate`.',
  );
}

async function sign(place: BundlePlace, wanted: Parameters<BundleTools['sign']>[1]): Promise<SignAnswer> {
  const files = new Map<string, Uint8Array>();
  const { policyFile, catalogueFile, pricesFile, switchesFile, group } = wanted;
  const catalogue = catalogueFile === undefined ? undefined : readFileSync(catalogueFile);
  const overlay =
    catalogue === undefined ? undefined : readCatalogueOverlay(catalogue.toString('utf8'), loadCatalogue());
  if (overlay?.ok === false) throw refusedOverlay(catalogueFile ?? '', overlay.problems);
  if (catalogue !== undefined) files.set(CATALOGUE_TARGET, catalogue);
  const text = readPolicyFile(policyFile);
  const reading = await readPolicyText(text, policyFile, undefined, {
    ...(overlay?.ok === true && { catalogue: overlay.value }),
  });
  if (!reading.ok) {
    throw new CommandFailure(
      'policy-invalid',
      2,
      `No device would take this policy:\n${formatProblems(reading.problems).trimEnd()}`,
    );
  }
  files.set(POLICY_TARGET, Buffer.from(text));
  for (const file of reading.companions) {
    const name = path.relative(path.dirname(policyFile), file).split(path.sep).join('/');
    files.set(name, readFileSync(file));
  }
  if (pricesFile !== undefined) {
    const prices = readFileSync(pricesFile);
    const read = readPriceOverlay(prices.toString('utf8'));
    if (!read.ok) throw refusedOverlay(pricesFile, read.problems);
    files.set(PRICES_TARGET, prices);
  }
  if (switchesFile !== undefined) {
    if (group !== undefined)
      throw new CommandFailure(
        'usage',
        2,
        'Switches belong to the organisation, not to a group.',
        'Leave out --group; a switch names groups itself.',
      );
    const switches = readFileSync(switchesFile);
    const read = readJson(switches.toString('utf8'), switchesSchema);
    if (!read.ok) throw refusedOverlay(switchesFile, read.problems);
    files.set(SWITCHES_TARGET, switches);
  }
  return orFailure(() => {
    const keyFiles = readKeyFiles(place.keyDirectories, passphraseOf(place));
    const repository = repositoryFolder(place.repository);
    const own = keyFiles.find(({ file }) => path.basename(file) === `group-${group}.pem`);
    const signed = signTargets(
      repository,
      {
        files,
        ...(group !== undefined && { group }),
        ...(own !== undefined && { groupKeys: [own.signer.key] }),
      },
      keyFiles.map(({ signer }) => signer),
      times(place.lifetimeDays),
    );
    return {
      policy: reading.compiled.identity,
      group,
      files: [...files.keys()],
      version: signed.version,
      timestampVersion: signed.timestampVersion,
    };
  });
}

const refusedOverlay = (
  file: string,
  problems: readonly { readonly field: string; readonly message: string }[],
): CommandFailure =>
  new CommandFailure(
    'overlay-invalid',
    2,
    problems.map(({ field, message }) => `${file}: ${field ? `${field}: ` : ''}${message}`).join('\n'),
    'Correct it; see "Pushing policy" in docs/admin.md.',
  );

function publish(place: BundlePlace, to: string): PublishAnswer {
  const opened = openRepository(repositoryFolder(place.repository));
  const { copied, present } = copyRepository(place.repository, to);
  return { directory: to, copied, present, timestampVersion: opened.timestamp.signed.version };
}

const DUE_DAYS = 14;

function renew(place: BundlePlace): RefreshAnswer {
  const signers = readKeyFiles(place.keyDirectories, passphraseOf(place)).map(({ signer }) => signer);
  const now = times(place.lifetimeDays);
  const done = refresh(repositoryFolder(place.repository), signers, now, DUE_DAYS * DAY_MS);
  const { root, timestamp } = openRepository(repositoryFolder(place.repository));
  const rootDays = Math.floor((Date.parse(root.signed.expires) - now.nowMs) / DAY_MS);
  return {
    ...done,
    renewed: [...done.renewed],
    timestampExpiresMs: Date.parse(timestamp.signed.expires),
    ...(rootDays < 60 && { rootEndsInDays: rootDays }),
  };
}

function keys(place: BundlePlace): BundleKeys {
  const known = readKeyFiles(place.keyDirectories, passphraseOf(place));
  const fileOf = (id: string): string | undefined =>
    known.find(({ signer }) => signer.key.keyID === id)?.file;
  return {
    roles: rolesOf(repositoryFolder(place.repository)).map(({ role, keyIds, threshold }) => ({
      role,
      threshold,
      keys: keyIds.map((id) => {
        const file = fileOf(id);
        return { id, ...(file !== undefined && { file }) };
      }),
    })),
  };
}

interface Exchange {
  readonly role: string;
  readonly old: readonly string[];
  readonly replace: boolean;
}

/** A new key takes an old one's place; chain and signatures follow. */
function rotate(place: BundlePlace, role: string, key: string | undefined): RotateAnswer {
  const known = readKeyFiles(place.keyDirectories, passphraseOf(place));
  const roles = rolesOf(repositoryFolder(place.repository));
  const found = roles.find((one) => one.role === role);
  if (found === undefined)
    throw new BundleError(
      'unknown-role',
      `There is no role or group "${role}".`,
      'postern policy keys lists them.',
    );
  const old =
    key === undefined ? found.keyIds : found.keyIds.filter((id) => id === keyIdOf(key, known, found.keyIds));
  if (old.length !== 1) {
    throw new BundleError(
      'unknown-key',
      key === undefined
        ? `${role} has ${old.length} keys: say which one to replace.`
        : `${key} is no key of ${role}.`,
      'postern policy keys lists them; name one with --key.',
    );
  }
  // A group without a key of its own is signed by the organisation's: it moves on with it.
  const held = roles.filter(({ keyIds }) => old.some((id) => keyIds.includes(id)));
  return exchange(
    place,
    known,
    held.map((one) => ({ role: one.role, old, replace: true })),
  );
}

/** The key counts nowhere any more. Where its role would have too few left, a new one takes its place. */
function revoke(place: BundlePlace, key: string): RotateAnswer {
  const known = readKeyFiles(place.keyDirectories, passphraseOf(place));
  const roles = rolesOf(repositoryFolder(place.repository));
  const id = keyIdOf(
    key,
    known,
    roles.flatMap(({ keyIds }) => keyIds),
  );
  const held = roles.filter(({ keyIds }) => id !== undefined && keyIds.includes(id));
  if (id === undefined || held.length === 0)
    throw new BundleError('unknown-key', `${key} signs for no role.`, 'postern policy keys lists them.');
  return exchange(
    place,
    known,
    held.map(({ role, keyIds, threshold }) => ({ role, old: [id], replace: keyIds.length - 1 < threshold })),
  );
}

/** A key's file, its id, or the beginning of it. */
function keyIdOf(key: string, known: readonly KeyFile[], ids: readonly string[]): string | undefined {
  const byFile = known.find(({ file }) => file === path.resolve(key) || path.basename(file) === key);
  if (byFile !== undefined) return byFile.signer.key.keyID;
  const begin = ids.filter((id) => id.startsWith(key.toLowerCase()));
  return key.length >= 6 && new Set(begin).size === 1 ? begin[0] : undefined;
}

function exchange(place: BundlePlace, known: readonly KeyFile[], wanted: readonly Exchange[]): RotateAnswer {
  const passphrase = passphraseOf(place);
  const made = wanted.flatMap(({ role, replace }) =>
    replace ? [{ role, file: makeKeyFile(firstDirectory(place), newName(role), passphrase) }] : [],
  );
  const changes = wanted.map(({ role, old }) => ({
    role,
    add: made.filter((one) => one.role === role).map(({ file }) => file.signer.key),
    remove: old,
  }));
  const signers = [...known, ...made.map(({ file }) => file)].map(({ signer }) => signer);
  let rootVersion: number;
  try {
    ({ rootVersion } = changeKeys(
      repositoryFolder(place.repository),
      changes,
      signers,
      times(place.lifetimeDays),
    ));
  } catch (error) {
    for (const { file } of made) rmSync(file.file, { force: true }); // they sign nothing
    throw error;
  }
  const gone = new Set(wanted.flatMap(({ old }) => old));
  return {
    roles: wanted.map(({ role }) => role),
    rootVersion,
    made: made.map(({ file }) => file.file),
    retired: known.filter(({ signer }) => gone.has(signer.key.keyID)).map(retireKeyFile),
  };
}

/** `timestamp-202611260410`: when it was made says which is newer. */
function newName(role: string): string {
  const stamp = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace(/[-:TZ]|\.000/g, '');
  const prefix = TOP_ROLES.some((name) => name === role) ? role : `group-${role}`;
  return `${prefix}-${stamp}`;
}
