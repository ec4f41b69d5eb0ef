import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { writePrivateFile } from '../../platform/private-files.ts';
import { type CommonOptions, type Context, commonOptions, connectAs, forAdmins, print } from '../context.ts';
import { safe } from '../format.ts';
import { CommandFailure } from '../ports.ts';

/** `reload`, `diagnostics`, `admin-token`: for whoever helps, the person's own hands or an admin's. */
export function addHelpDesk(program: Command, context: Context): void {
  forAdmins(program.command('reload'))
    .summary('read settings and policy now')
    .description(
      'Read settings and policy files now, and ask the policy server. Says what could not be taken over.',
    )
    .addHelpText('after', '\nExample:\n  $ postern reload')
    .action((_options: unknown, command: Command) => reload(context, commonOptions(command)));
  forAdmins(program.command('diagnostics'))
    .summary('what support needs, to be read before it is sent')
    .description(
      'Print what a support person needs: state, checks, settings, apps and the last calls, without prompts, secrets and names. An admin gets it without apps and calls.',
    )
    .option('--out <file>', 'write it to a new file instead (0600)')
    .addHelpText('after', '\nExample:\n  $ postern diagnostics --out postern-diagnostics.txt')
    .action((options: { readonly out?: string }, command: Command) =>
      diagnostics(context, options.out, commonOptions(command)),
    );
  program
    .command('admin-token')
    .summary('make a token for admins')
    .description(
      "Make a token with which an admin may look at a colleague's agent, in a new 0600 file, and print what device management has to set for it to count.",
    )
    .argument('<file>', 'where the token goes; it is not shown')
    .addHelpText('after', '\nExample:\n  $ postern admin-token ~/postern-admin-token')
    .action((file: string, _options: unknown, command: Command) =>
      adminToken(context, file, commonOptions(command)),
    );
}

async function reload(context: Context, common: CommonOptions): Promise<void> {
  const { policy, problems } = await connectAs(context, common).reload({});
  if (problems.length > 0) context.exitCode = 1;
  print(context, common, { policy, problems }, () =>
    [
      `${problems.length === 0 ? 'Read anew' : 'Not everything could be taken over'}; in force is ${safe(policy.name)} (${safe(policy.revision)}).`,
      ...problems.flatMap(({ file, line, field, message, mend }) => [
        `! ${[file, line].filter((part) => part !== undefined).join(':')}: ${field === undefined ? '' : `${safe(field)}: `}${safe(message)}`,
        ...(mend === undefined ? [] : [`    ${safe(mend)}`]),
      ]),
    ].join('\n'),
  );
}

async function diagnostics(context: Context, out: string | undefined, common: CommonOptions): Promise<void> {
  const target = out === undefined ? undefined : newFile(context, out);
  const { files } = await connectAs(context, common).diagnostics({});
  const text = common.json
    ? JSON.stringify({ files }, undefined, 2)
    : files.map(({ name, text: content }) => `── ${name}\n${content}`).join('\n\n');
  if (target === undefined) return context.out.textWithBackpressure(`${text}\n`);
  writePrivateFile(target, `${text}\n`);
  context.out.line(`Written to ${target}. Read it before you send it.`);
}

function adminToken(context: Context, file: string, common: CommonOptions): void {
  const target = newFile(context, file);
  const token = randomBytes(32).toString('base64url');
  writePrivateFile(target, `${token}\n`);
  const adminTokenSha256 = createHash('sha256').update(token).digest('hex');
  print(context, common, { file: target, adminTokenSha256 }, () =>
    [
      `The token is in ${target}: give it to those who help, and to nobody else.`,
      'It counts on devices whose managed configuration says:',
      `  ${JSON.stringify({ localApi: { adminTokenSha256 } })}`,
    ].join('\n'),
  );
}

function newFile({ io }: Context, file: string): string {
  const target = path.resolve(io.cwd, file);
  if (existsSync(target))
    throw new CommandFailure(
      'file-exists',
      2,
      `${target} is there already.`,
      'Name a file that does not exist yet.',
    );
  return target;
}
