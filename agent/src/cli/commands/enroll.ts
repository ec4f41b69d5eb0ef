import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { instanceLockHolder } from '../../platform/instance-lock.ts';
import {
  type CommonOptions,
  type Context,
  commonOptions,
  connect,
  filesOf,
  placeOf,
  print,
} from '../context.ts';
import { safe } from '../format.ts';
import { CommandFailure } from '../ports.ts';
import { readSecret } from '../secret-input.ts';

interface EnrollOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly reset?: boolean;
}

/** `enroll`: which organisation this device belongs to. */
export function addEnroll(program: Command, context: Context): void {
  program
    .command('enroll')
    .summary('bind this device to your organisation')
    .description(
      'Bind this device to your organisation with a one-time token, read from stdin unless it is given.',
    )
    .argument('[url]', 'where to enrol (default: from the configuration)')
    .option('--token <token>', 'the one-time token; other users of this machine can see it here')
    .option('--token-file <file>', 'the file that holds the token')
    .option('--reset', 'forget the organisation; for administrators, on managed devices')
    .addHelpText(
      'after',
      '\nExamples:\n  $ postern enroll https://postern.example.com/enrol\n  $ sudo postern enroll --reset --home /home/ann/.local/share/postern',
    )
    .action((url: string | undefined, options: EnrollOptions, command: Command) =>
      enroll(context, url, options, commonOptions(command)),
    );
}

async function enroll(
  context: Context,
  url: string | undefined,
  options: EnrollOptions,
  common: CommonOptions,
): Promise<void> {
  if (options.reset) return reset(context, common);
  const client = connect(placeOf(context, common));
  const token = await tokenFrom(context, options);
  const device = await client.enrol({ token, ...(url !== undefined && { url }) });
  print(
    context,
    common,
    device,
    () =>
      `This device (${device.id}) belongs to ${safe(device.tenant?.name ?? device.tenant?.id ?? '')} now.`,
  );
}

async function tokenFrom(context: Context, { token, tokenFile }: EnrollOptions): Promise<string> {
  if (token !== undefined) return token;
  if (tokenFile === undefined) return readSecret(context.io, context.err, 'The enrolment token');
  try {
    return fs.readFileSync(path.resolve(context.io.cwd, tokenFile), 'utf8').trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure('token-unreadable', 2, `The token can't be read: ${why}`, undefined, { cause });
  }
}

async function reset(context: Context, common: CommonOptions): Promise<void> {
  const place = placeOf(context, common);
  const answer = await context.commands.enrolReset(place);
  const running = instanceLockHolder(filesOf(place).lockFile) !== undefined;
  print(context, common, { reset: true, ...answer }, () =>
    [
      answer.was === undefined
        ? 'The device belonged to no organisation.'
        : `The device left ${safe(answer.was)}.`,
      ...(running ? ['Restart the agent: postern stop, then postern start.'] : []),
    ].join('\n'),
  );
}
