import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Context, commonOptions, connect, placeOf, print } from '../context.ts';
import { localTime } from '../format.ts';
import { CommandFailure } from '../ports.ts';

/** `override`: a code of the help desk, entered here or made there. */
export function addOverride(program: Command, context: Context): void {
  const override = program
    .command('override')
    .description(
      'Enter a code of the help desk: it lifts the policy on this device until its end. It is recorded.',
    )
    .argument('[code]', 'twelve letters and digits: K7QM-2X4D-9RTP')
    .option('--end', 'end the one in force')
    .addHelpText('after', '\nExamples:\n  $ postern override K7QM-2X4D-9RTP\n  $ postern override --end')
    .action(async (code: string | undefined, options: { end?: boolean }, command: Command) => {
      const common = commonOptions(command);
      const client = connect(placeOf(context, common));
      if (options.end) {
        const answer = await client.endOverride({});
        return print(context, common, answer, () => 'The policy is in force again.');
      }
      if (code === undefined)
        throw new CommandFailure(
          'usage',
          2,
          'Give the code that the help desk read out.',
          'postern override CODE',
        );
      const answer = await client.override({ code });
      const what = answer.scope === 'observe' ? 'Nothing is enforced' : 'AI calls pass unchecked';
      print(
        context,
        common,
        answer,
        () => `${what} until ${localTime(answer.untilMs)}. End it earlier with \`postern override --end\`.`,
      );
    });
  addDesk(override, context);
}

function addDesk(override: Command, context: Context): void {
  const at = (file: string): string => path.resolve(context.io.cwd, file);
  override
    .command('master')
    .description("Make the help desk's master secret. Keep it off every device.")
    .argument('<file>', 'where to write it; 0600')
    .addHelpText('after', '\nExample:\n  $ postern override master desk.secret')
    .action(async (file: string, _options: unknown, command: Command) => {
      await context.commands.overrideMaster(at(file));
      print(context, commonOptions(command), { file: at(file) }, () => `made ${at(file)}`);
    });
  override
    .command('secret')
    .description("One device's secret, for the file that policy.overrideSecretFile names there.")
    .argument('<device>', 'its name, as `postern status` shows it')
    .requiredOption('--master <file>', 'the master secret')
    .addHelpText('after', '\nExample:\n  $ postern override secret ann-laptop --master desk.secret')
    .action(async (device: string, options: { master: string }, command: Command) => {
      const secret = await context.commands.overrideSecret(at(options.master), device);
      print(context, commonOptions(command), { device, secret }, () => secret);
    });
  override
    .command('issue')
    .description('Make a code for one device, to be read out.')
    .argument('<device>', 'its name, as `postern status` shows it')
    .requiredOption('--master <file>', 'the master secret')
    .option(
      '--scope <scope>',
      'observe: decide and record, enforce nothing; aside: let AI calls pass untouched',
      scope,
      'observe',
    )
    .option('--hours <n>', 'how long, 1 to 72', hours, 4)
    .addHelpText('after', '\nExample:\n  $ postern override issue ann-laptop --master desk.secret --hours 8')
    .action(async (device: string, options: IssueOptions, command: Command) => {
      const answer = await context.commands.overrideCode({
        masterFile: at(options.master),
        device,
        scope: options.scope,
        hours: options.hours,
      });
      print(
        context,
        commonOptions(command),
        answer,
        () => `${answer.code}\nfor ${device} only, until ${localTime(answer.untilMs)}`,
      );
    });
}

interface IssueOptions {
  readonly master: string;
  readonly scope: 'observe' | 'aside';
  readonly hours: number;
}

function scope(text: string): 'observe' | 'aside' {
  if (text === 'observe' || text === 'aside') return text;
  throw new InvalidArgumentError('Give observe or aside.');
}

function hours(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 72)) throw new InvalidArgumentError('Give 1 to 72 hours.');
  return value;
}
