import type { Command } from 'commander';
import type { AgentStatus } from '../../serve/contract.ts';
import { type CommonOptions, type Context, commonOptions, connect, placeOf, print } from '../context.ts';
import { localTime, safe, table } from '../format.ts';
import { readSecret } from '../secret-input.ts';

/** `key list|add|use|remove`: the gateway's keys of this person. */
export function addKey(program: Command, context: Context): void {
  const key = program.command('key').description('Your virtual keys for the gateway.');
  key
    .command('list')
    .description('Show the keys by name, and which one is in use. Never the keys themselves.')
    .addHelpText('after', '\nExample:\n  $ postern key list')
    .action((_options: unknown, command: Command) => list(context, commonOptions(command)));
  key
    .command('add')
    .summary('keep a key; it is read from stdin')
    .description(
      'Keep a key under a name; another under the same name takes its place. It is read from stdin.',
    )
    .argument('<name>', 'what records and budgets call it')
    .addHelpText(
      'after',
      '\nExamples:\n  $ postern key add team-red\n  $ pass show team-red | postern key add team-red',
    )
    .action((name: string, _options: unknown, command: Command) =>
      add(context, name, commonOptions(command)),
    );
  key
    .command('use')
    .description('Make calls with this key from now on.')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  $ postern key use team-red')
    .action((name: string, _options: unknown, command: Command) =>
      use(context, name, commonOptions(command)),
    );
  key
    .command('remove')
    .description('Forget a key that was typed in.')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  $ postern key remove team-red')
    .action((name: string, _options: unknown, command: Command) =>
      remove(context, name, commonOptions(command)),
    );
}

type Keys = AgentStatus['identity']['keys'];

async function list(context: Context, common: CommonOptions): Promise<void> {
  const { identity } = await connect(placeOf(context, common)).status({});
  print(context, common, { keys: identity.keys }, () =>
    identity.keys.length === 0
      ? `There are no keys.${identity.mayTypeKeys ? ' Add one with: postern key add NAME' : ''}`
      : keyTable(context, identity.keys),
  );
}

const SOURCES: Readonly<Record<Keys[number]['source'], string>> = {
  exchange: 'sign-in (exchanged)',
  claim: 'sign-in',
  config: 'configuration',
  typed: 'typed in',
};

const keyTable = ({ colors }: Context, keys: Keys): string =>
  table(
    ['', 'name', 'from', 'until', ''].map((title) => ({ title })),
    keys.map(({ name, source, active, expiresAtMs, refused }) => [
      active ? colors.green('*') : '',
      safe(name),
      SOURCES[source],
      expiresAtMs === undefined ? '' : localTime(expiresAtMs),
      refused === undefined ? '' : colors.red(`refused by the gateway: ${refused}`),
    ]),
  );

async function add(context: Context, name: string, common: CommonOptions): Promise<void> {
  const client = connect(placeOf(context, common));
  const secret = await readSecret(context.io, context.err, `The key "${safe(name)}"`);
  await client.addKey({ name, secret });
  print(context, common, { added: name }, () => `"${safe(name)}" is kept.`);
}

async function use(context: Context, name: string, common: CommonOptions): Promise<void> {
  await connect(placeOf(context, common)).useKey({ name });
  print(context, common, { active: name }, () => `Calls are made with "${safe(name)}" from now on.`);
}

async function remove(context: Context, name: string, common: CommonOptions): Promise<void> {
  await connect(placeOf(context, common)).removeKey({ name });
  print(context, common, { removed: name }, () => `"${safe(name)}" is forgotten.`);
}
