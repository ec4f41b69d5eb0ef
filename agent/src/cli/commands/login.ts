import type { Command } from 'commander';
import { openBrowser } from '../../platform/browser.ts';
import type { Client } from '../../serve/client.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import { type CommonOptions, type Context, commonOptions, connect, placeOf, print } from '../context.ts';
import { safe } from '../format.ts';
import { CommandFailure } from '../ports.ts';

interface LoginOptions {
  readonly device?: boolean;
  readonly browser: boolean;
}

/** `login`, `logout`: the person behind the calls. */
export function addLogin(program: Command, context: Context): void {
  program
    .command('login')
    .description("Sign in at your organisation's provider, in your browser.")
    .option('--device', 'sign in on another device, with a code')
    .option('--no-browser', 'only print the address')
    .addHelpText('after', '\nExamples:\n  $ postern login\n  $ postern login --device')
    .action((options: LoginOptions, command: Command) => login(context, options, commonOptions(command)));
  program
    .command('logout')
    .description('Sign out, here and at the provider.')
    .option('--no-browser', 'leave the browser signed in')
    .addHelpText('after', '\nExample:\n  $ postern logout')
    .action((options: LoginOptions, command: Command) => logout(context, options, commonOptions(command)));
}

type Identity = AgentStatus['identity'];

async function login(context: Context, options: LoginOptions, common: CommonOptions): Promise<void> {
  const client = connect(placeOf(context, common));
  const { identity: before } = await client.status({});
  const { url, userCode } = await client.signIn({ flow: options.device ? 'device' : 'browser' });
  const { err, io, platform } = context;
  const shown = options.device !== true && options.browser && (await openBrowser(platform, url, io.env));
  err.line(
    userCode === undefined
      ? `${shown ? 'Your browser was opened. If it shows nothing, open' : 'Open'} this address on this machine:\n  ${safe(url)}`
      : `Open this address on any device, and check that it shows the code ${context.errColors.bold(safe(userCode))}:\n  ${safe(url)}`,
  );
  if (userCode === undefined && !shown) err.line('Without a browser on this machine: postern login --device');
  const identity = await outcome(client, before, (listener) => io.onStopSignal(listener));
  print(context, common, identity, () => `Signed in as ${safe(identity.user?.name ?? '')}.`);
}

/** Follows the status until the sign-in has ended, one way or the other. */
async function outcome(
  client: Client,
  before: Identity,
  onStopSignal: Context['io']['onStopSignal'],
): Promise<Identity> {
  const { promise, resolve, reject } = Promise.withResolvers<Identity>();
  const look = (identity: Identity | undefined): void => {
    if (identity === undefined || identity.pending !== undefined) return;
    if (identity.user !== undefined && identity.signedInAtMs !== before.signedInAtMs) resolve(identity);
    const { code, text, mend } = identity.problem ?? { code: 'sign-in-cancelled', text: 'It was given up.' };
    reject(new CommandFailure(code, 1, safe(text), mend));
  };
  const watch = await client.watch({
    onEvent: (event) => (event.type === 'change' ? look(event.status.identity) : undefined),
    onEnd: () => reject(new CommandFailure('agent-ended', 3, 'The agent has ended.')),
  });
  const removeListener = onStopSignal(() => {
    void client.cancelSignIn({}).catch(() => undefined); // we are leaving either way
    reject(new CommandFailure('given-up', 1, 'Given up.'));
  });
  look(watch.snapshot.identity);
  try {
    return await promise;
  } finally {
    removeListener();
    watch.close();
  }
}

async function logout(context: Context, options: LoginOptions, common: CommonOptions): Promise<void> {
  const answer = await connect(placeOf(context, common)).signOut({});
  const { endSessionUrl, problem } = answer;
  if (endSessionUrl !== undefined && options.browser) {
    const shown = await openBrowser(context.platform, endSessionUrl, context.io.env);
    if (!shown)
      context.err.line(`To sign your browser out too, open within a minute:\n  ${safe(endSessionUrl)}`);
  }
  if (problem !== undefined) {
    context.err.line(`${context.errColors.yellow('!')} ${safe(problem.text)}`);
    if (problem.mend !== undefined) context.err.line(`    ${safe(problem.mend)}`);
  }
  print(context, common, { signedOut: true, ...(problem && { problem }) }, () => 'Signed out.');
}
