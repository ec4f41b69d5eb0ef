import fs from 'node:fs';
import os from 'node:os';
import type { Command } from 'commander';
import { type TrustStoreState, trustStoreStates } from '../../platform/trust-stores.ts';
import { type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, table } from '../format.ts';
import type { TrustStatus } from '../ports.ts';

export function addTrust(program: Command, context: Context): void {
  const trust = program.command('trust').description("This device's certificate authority.");
  trust
    .command('status')
    .description('Show the CA, what it may sign for, and which stores trust it.')
    .addHelpText('after', '\nExample:\n  $ postern trust status')
    .action((_options: unknown, command: Command) => status(context, command));
  trust
    .command('renew')
    .summary('make a new CA for the hosts the policy names now')
    .description(
      'Make a new CA whose constraints cover every host that the policy names now. Programs that trust the old one must be given the new one.',
    )
    .addHelpText('after', '\nExample:\n  $ postern trust renew')
    .action((_options: unknown, command: Command) => renew(context, command));
}

async function status(context: Context, command: Command): Promise<void> {
  const common = commonOptions(command);
  const trust = await context.commands.trustStatus(placeOf(context, common));
  const pem = fs.readFileSync(trust.caFile, 'utf8');
  const stores = await trustStoreStates(pem, context.platform, context.io.env, os.homedir());
  context.exitCode = trust.uncovered.length > 0 ? 1 : 0;
  print(context, common, { ...trust, stores }, () => describe(context, trust, stores));
}

function describe({ colors }: Context, trust: TrustStatus, stores: readonly TrustStoreState[]): string {
  const paint = { trusted: colors.green, absent: colors.dim, unknown: colors.yellow };
  const rows = [
    ['CA', trust.caFile],
    ['SHA-256', trust.fingerprintSha256],
    ['valid until', localTime(trust.notAfterMs)],
    ['may sign for', `${trust.permitted.length} names, nothing else: ${summary(trust.permitted)}`],
    ...stores.map(({ store, state, readBy, detail }) => [
      store,
      `${paint[state](state)}  ${colors.dim(`${readBy}; ${detail}`)}`,
    ]),
  ].map(([name = '', value = '']) => [`  ${colors.dim(name)}`, value]);
  const lines = [table([{ title: '' }, { title: '' }], rows)];
  if (trust.uncovered.length > 0) {
    lines.push(
      '',
      `${colors.yellow('!')} The policy names hosts that this CA may not sign for: ${summary(trust.uncovered)}`,
      '    Run `postern trust renew`.',
    );
  }
  return lines.join('\n');
}

const SHOWN = 5;
const summary = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;

async function renew(context: Context, command: Command): Promise<void> {
  const common = commonOptions(command);
  const answer = await context.commands.trustRenew(placeOf(context, common));
  print(
    context,
    common,
    answer,
    () => `${answer.explanation}\n\n${context.colors.dim('CA')}  ${answer.status.caFile}`,
  );
}
