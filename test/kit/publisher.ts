/** Whoever publishes policy: keys and a repository in a folder, through the same code as `postern policy …`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BundlePlace } from '../../agent/src/cli/ports.ts';
import { bundleTools } from '../../agent/src/main/policy-tools/bundle.ts';
import { repositoryFolder } from '../../agent/src/main/policy-tools/repository-folder.ts';
import { LIFETIME_DAYS } from '../../policies/bundle/repository.ts';
import { signTargets } from '../../policies/bundle/sign.ts';
import { keyIn } from './forger.ts';

export interface Publisher {
  readonly place: BundlePlace;
  /** What devices are given to begin with. */
  readonly fingerprint: string;
  /** Where published files lie; any number of these can exist. */
  readonly directory: string;
  /** Signs and publishes; `files` lie beside the policy. */
  push(policy: string, options?: PushOptions): Promise<void>;
  /** Signs and publishes files that `postern policy sign` would refuse. */
  pushUnchecked(files: Readonly<Record<string, string>>): Promise<void>;
  /** Publishes what was signed, also elsewhere. */
  publish(directory?: string): Promise<void>;
}

export interface PushOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly switches?: object;
  readonly catalogue?: object;
  readonly prices?: object;
  readonly group?: string;
  readonly lifetimeDays?: BundlePlace['lifetimeDays'];
  readonly publish?: false;
}

export async function openPublisher(
  folder: string,
  options: { rootKeys?: number; rootThreshold?: number; lifetimeDays?: BundlePlace['lifetimeDays'] } = {},
): Promise<Publisher> {
  const place: BundlePlace = {
    repository: path.join(folder, 'repository'),
    keyDirectories: [path.join(folder, 'keys')],
    passphraseFile: undefined,
    lifetimeDays: options.lifetimeDays ?? {},
  };
  const directory = path.join(folder, 'published');
  const { fingerprint } = await bundleTools.keygen(place, {
    rootKeys: options.rootKeys ?? 3,
    rootThreshold: options.rootThreshold ?? 2,
    group: undefined,
  });
  const source = path.join(folder, 'source');
  mkdirSync(source, { recursive: true });
  const write = (name: string, content: string | object | undefined): string | undefined => {
    if (content === undefined) return undefined;
    const file = path.join(source, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  return {
    place,
    fingerprint: fingerprint ?? '',
    directory,
    async push(policy, { files = {}, switches, catalogue, prices, group, lifetimeDays, publish } = {}) {
      for (const [name, content] of Object.entries(files)) write(name, content);
      await bundleTools.sign(
        { ...place, ...(lifetimeDays !== undefined && { lifetimeDays }) },
        {
          policyFile: write('policy.yaml', policy) ?? '',
          catalogueFile: write('catalogue.json', catalogue),
          pricesFile: write('prices.json', prices),
          switchesFile: write('switches.json', switches),
          group,
        },
      );
      if (publish !== false) await bundleTools.publish(place, directory);
    },
    async pushUnchecked(files) {
      signTargets(
        repositoryFolder(place.repository),
        { files: new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])) },
        ['targets', 'snapshot', 'timestamp'].map((name) => keyIn(place.keyDirectories[0] ?? '', name)),
        { nowMs: Date.now(), lifetimeDays: LIFETIME_DAYS },
      );
      await bundleTools.publish(place, directory);
    },
    publish: async (to = directory) => void (await bundleTools.publish(place, to)),
  };
}

/** A published file, parsed. */
export const readPublished = <T>(directory: string, name: string): T =>
  JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as T;
