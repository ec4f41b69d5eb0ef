import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Context, commonOptions, print } from '../context.ts';
import { localTime, safe, table } from '../format.ts';
import {
  type BundleKeys,
  type BundlePlace,
  CommandFailure,
  type RotateAnswer,
  type SignAnswer,
} from '../ports.ts';

interface PlaceOptions {
  readonly repository: string;
  readonly keys: readonly string[];
  readonly passphraseFile?: string;
}

/** `policy keygen`, `sign`, `publish`, `refresh`, `rotate`, `revoke`, `keys`: policy as a signed repository. */
export function addPolicyBundle(policy: Command, context: Context): void {
  addMaking(policy, context);
  addKeeping(policy, context);
}

function addMaking(policy: Command, context: Context): void {
  placed(policy.command('keygen').summary('make signing keys and an empty repository'))
    .description(
      'Make the keys that sign policy, and an empty repository. Afterwards take the root keys off this machine: they are needed for other keys only.',
    )
    .option('--root-keys <n>', 'how many root keys', whole, 3)
    .option('--root-threshold <n>', 'how many of them must sign', whole, 2)
    .option('--group <name>', 'only a key for this group (team, ring)')
    .addHelpText(
      'after',
      '\nExample:\n  $ postern policy keygen --keys ~/policy-keys --repository policy-repository',
    )
    .action(async (options: PlaceOptions & KeygenOptions, command: Command) => {
      const { rootKeys, rootThreshold, group } = options;
      const tools = await context.commands.bundleTools();
      const answer = await tools.keygen(placeIn(context, options), { rootKeys, rootThreshold, group });
      print(context, commonOptions(command), answer, () =>
        [
          ...answer.files.map((file) => `made ${safe(file)}`),
          ...(answer.fingerprint === undefined
            ? []
            : [
                '',
                'Give this to every device, as policy.source.rootFingerprint:',
                `  ${answer.fingerprint}`,
              ]),
        ].join('\n'),
      );
    });
  placed(policy.command('sign').summary('put a policy and its files into the repository'))
    .description('Check a policy as a device would, and sign it with every file that it names.')
    .argument('<file>', 'the policy')
    .option('--catalogue <file>', 'services and apps on top of those that ship with the agent')
    .option('--prices <file>', "the organisation's prices")
    .option('--switches <file>', 'who is let through or stopped for a while')
    .option('--group <name>', 'only for devices of this group')
    .addHelpText(
      'after',
      '\nExample:\n  $ postern policy sign policy.yaml && postern policy publish /srv/policy',
    )
    .action(async (file: string, options: PlaceOptions & SignOptions, command: Command) => {
      const at = (name: string | undefined): string | undefined =>
        name === undefined ? undefined : path.resolve(context.io.cwd, name);
      const tools = await context.commands.bundleTools();
      const answer = await tools.sign(placeIn(context, options), {
        policyFile: path.resolve(context.io.cwd, file),
        catalogueFile: at(options.catalogue),
        pricesFile: at(options.prices),
        switchesFile: at(options.switches),
        group: options.group,
      });
      print(context, commonOptions(command), answer, () => describeSigned(context, answer));
    });
  placed(policy.command('publish').summary('copy the repository to where it is served from'))
    .description('Copy the repository to a folder, in an order that never shows a device half a push.')
    .argument('<directory>', 'what the web server or the upload to a bucket reads')
    .addHelpText('after', '\nExample:\n  $ postern policy publish /srv/policy')
    .action(async (directory: string, options: PlaceOptions, command: Command) => {
      const tools = await context.commands.bundleTools();
      const answer = await tools.publish(placeIn(context, options), path.resolve(context.io.cwd, directory));
      print(
        context,
        commonOptions(command),
        answer,
        () =>
          `Copied ${answer.copied} files to ${safe(answer.directory)} (${answer.present} were there); timestamp ${answer.timestampVersion}.`,
      );
    });
}

interface KeygenOptions {
  readonly rootKeys: number;
  readonly rootThreshold: number;
  readonly group?: string;
}

interface SignOptions {
  readonly catalogue?: string;
  readonly prices?: string;
  readonly switches?: string;
  readonly group?: string;
}

function addKeeping(policy: Command, context: Context): void {
  placed(policy.command('refresh').summary('sign again what runs out; daily, from cron'))
    .description(
      'Sign the timestamp anew, and what runs out within 14 days. Devices whose metadata ends go by their grace.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ postern policy refresh --keys /etc/policy-keys && postern policy publish /srv/policy',
    )
    .action(async (options: PlaceOptions, command: Command) => {
      const tools = await context.commands.bundleTools();
      const answer = await tools.refresh(placeIn(context, options));
      print(context, commonOptions(command), answer, () =>
        [
          `Signed anew: ${answer.renewed.join(', ')}; good until ${localTime(answer.timestampExpiresMs)}.`,
          ...(answer.rootEndsInDays === undefined
            ? []
            : [
                context.colors.yellow(
                  `The root ends in ${answer.rootEndsInDays} days: postern policy rotate root --key …`,
                ),
              ]),
        ].join('\n'),
      );
    });
  placed(policy.command('rotate').summary('replace a key by a new one'))
    .description('Replace a key of a role by a new one. Needs root keys; devices follow by themselves.')
    .argument('<role>', 'root, targets, snapshot, timestamp, or a group')
    .option('--key <key>', 'which one, where there are several: its file, id, or the beginning of its id')
    .addHelpText(
      'after',
      '\nExample:\n  $ postern policy rotate timestamp --keys online-keys --keys /media/root-keys',
    )
    .action(async (role: string, options: PlaceOptions & { key?: string }, command: Command) => {
      const tools = await context.commands.bundleTools();
      const answer = await tools.rotate(placeIn(context, options), role, options.key);
      print(context, commonOptions(command), answer, () => describeKeys(answer));
    });
  placed(policy.command('revoke').summary('make a key count nowhere any more'))
    .description('Make a key count nowhere any more. Where too few would be left, a new one takes its place.')
    .argument('<key>', 'its file, id, or the beginning of its id')
    .addHelpText(
      'after',
      '\nExample:\n  $ postern policy revoke targets.pem --keys online-keys --keys /media/root-keys',
    )
    .action(async (key: string, options: PlaceOptions, command: Command) => {
      const tools = await context.commands.bundleTools();
      const answer = await tools.revoke(placeIn(context, options), key);
      print(context, commonOptions(command), answer, () => describeKeys(answer));
    });
  placed(policy.command('keys').summary('show which keys sign what'))
    .description('Show which keys sign what, and where they lie.')
    .addHelpText('after', '\nExample:\n  $ postern policy keys --keys ~/policy-keys')
    .action(async (options: PlaceOptions, command: Command) => {
      const tools = await context.commands.bundleTools();
      const answer = await tools.keys(placeIn(context, options));
      print(context, commonOptions(command), answer, () => describeRoles(answer));
    });
}

const placed = (command: Command): Command =>
  command
    .option('--repository <dir>', 'the repository; nothing in it is secret', 'policy-repository')
    .option('--keys <dir>', 'a folder with signing keys; may be given several times', collect, [])
    .option('--passphrase-file <file>', 'what the keys are sealed with');

const collect = (one: string, before: readonly string[]): readonly string[] => [...before, one];

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 20) throw new InvalidArgumentError('Give 1 to 20.');
  return value;
}

function placeIn(context: Context, { repository, keys, passphraseFile }: PlaceOptions): BundlePlace {
  const at = (name: string): string => path.resolve(context.io.cwd, name);
  return {
    repository: at(repository),
    keyDirectories: (keys.length === 0 ? ['policy-keys'] : keys).map(at),
    passphraseFile: passphraseFile === undefined ? undefined : at(passphraseFile),
    lifetimeDays: {},
  };
}

function describeSigned(
  { colors }: Context,
  { policy, group, files, version, timestampVersion }: SignAnswer,
): string {
  const whom = group === undefined ? 'for everybody' : `for the group ${group}`;
  return [
    `${colors.green('signed')}: ${policy.name} ${colors.dim(`(${policy.revision})`)} ${whom}, version ${version}`,
    `  ${files.map(safe).join(', ')}`,
    `Devices take it once it is published (timestamp ${timestampVersion}): postern policy publish DIR`,
  ].join('\n');
}

function describeKeys({ roles, rootVersion, made, retired }: RotateAnswer): string {
  return [
    `Changed the keys of ${roles.join(', ')}; root ${rootVersion}.`,
    ...made.map((file) => `made ${safe(file)}`),
    ...retired.map((file) => `retired ${safe(file)}`),
    'Devices follow once it is published: postern policy publish DIR',
  ].join('\n');
}

function describeRoles({ roles }: BundleKeys): string {
  if (roles.length === 0) throw new CommandFailure('no-repository', 2, 'There are no roles.');
  return table(
    ['role', 'needs', 'key', 'file'].map((title) => ({ title })),
    roles.flatMap(({ role, threshold, keys }) =>
      keys.map(({ id, file }, index) => [
        index === 0 ? role : '',
        index === 0 ? `${threshold} of ${keys.length}` : '',
        id.slice(0, 16),
        safe(file ?? 'elsewhere'),
      ]),
    ),
  );
}
