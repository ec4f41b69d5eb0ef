import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Metadata, MetadataKind, type Root, type Targets } from '@tufjs/models';

/** What a release says of itself. */
interface Claims {
  readonly directory: string;
  readonly group?: string | undefined;
  /** Name to SHA-256, and name to target. */
  readonly files: Readonly<Record<string, string>>;
  readonly targets: Readonly<Record<string, string>>;
}

/** Keys that count on this device: the pinned root and those that it, and then each other, vouched for. */
export interface Trust {
  readonly root: Metadata<Root>;
  readonly rootBytes: Buffer;
  /** Signed by keys that count now, and as it was signed, to the byte. Dates are not looked at. */
  vouchesFor(release: Claims): boolean;
}

interface StoredRoot {
  readonly version: number;
  readonly bytes: Buffer;
}

/** Follows the chain of roots on disk from the pinned one; undefined where that one isn't among them. */
export function trustFrom(pinned: Buffer, stored: readonly StoredRoot[]): Trust {
  let rootBytes = pinned;
  let root = parseRoot(pinned);
  root.verifyDelegate('root', root);
  for (const { version, bytes } of stored) {
    if (version !== root.signed.version + 1) continue;
    try {
      const next = parseRoot(bytes);
      root.verifyDelegate('root', next);
      next.verifyDelegate('root', next);
      if (next.signed.version !== version) break;
      root = next;
      rootBytes = bytes;
    } catch {
      break; // what somebody put there, or a damaged file: the server has the true one
    }
  }
  return { root, rootBytes, vouchesFor: (release) => vouches(root, release) };
}

const parseRoot = (bytes: Buffer): Metadata<Root> =>
  Metadata.fromJSON(
    MetadataKind.Root,
    JSON.parse(bytes.toString('utf8')) as Parameters<typeof Metadata.fromJSON>[1],
  );

function parseTargets(file: string): Metadata<Targets> {
  const data = JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof Metadata.fromJSON>[1];
  return Metadata.fromJSON(MetadataKind.Targets, data);
}

function vouches(root: Metadata<Root>, { directory, files, targets, group }: Claims): boolean {
  try {
    const own = parseTargets(path.join(directory, 'signed', 'targets.json'));
    root.verifyDelegate('targets', own);
    let signed = own.signed.targets;
    if (group !== undefined) {
      const ofGroup = parseTargets(path.join(directory, 'signed', `${group}.json`));
      own.verifyDelegate(group, ofGroup);
      signed = { ...signed, ...ofGroup.signed.targets };
    }
    return Object.entries(files).every(([name, hash]) => {
      const file = path.join(directory, 'files', name);
      const promised = signed[targets[name] ?? '']?.hashes['sha256'];
      return promised === hash && existsSync(file) && sha256Of(file) === hash;
    });
  } catch {
    return false; // unreadable, unsigned or incomplete: not to be used, whatever the reason
  }
}

const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
