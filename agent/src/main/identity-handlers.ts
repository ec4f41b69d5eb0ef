import type { Handlers } from '../serve/contract.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import { IdentityError } from '../sync/identity/identity-error.ts';
import type { Session } from '../sync/identity/session.ts';
import type { Identity } from './identity.ts';

type IdentityCalls = Pick<
  Handlers,
  'signIn' | 'cancelSignIn' | 'signOut' | 'addKey' | 'useKey' | 'removeKey' | 'enrol'
>;

/** The local API's calls about person, keys and device. */
export function identityHandlers(identity: Identity): IdentityCalls {
  const { keys, tenants } = identity;
  return {
    signIn: ({ flow }) =>
      told(async () => {
        const { url, userCode, untilMs } = await (await sessionOf(identity)).start(flow);
        return { url, untilMs, ...(userCode !== undefined && { userCode }) };
      }),
    async cancelSignIn() {
      (await sessionOf(identity)).cancel();
      return { done: true };
    },
    signOut: () =>
      told(async () => {
        const { endSessionUrl, problem } = await (await sessionOf(identity)).signOut();
        return {
          ...(endSessionUrl !== undefined && { endSessionUrl }),
          ...(problem !== undefined && {
            problem: {
              code: problem.code,
              text: problem.text,
              ...(problem.mend !== undefined && { mend: problem.mend }),
            },
          }),
        };
      }),
    addKey: ({ name, secret }) => told(() => keys.add(name, secret).then(() => ({ done: true }))),
    useKey: ({ name }) => told(() => keys.use(name).then(() => ({ done: true }))),
    removeKey: ({ name }) => told(() => keys.remove(name).then(() => ({ done: true }))),
    enrol: ({ url, token }) =>
      told(async () => {
        await tenants.enrol(url, token);
        return identity.status().device;
      }),
  };
}

async function sessionOf(identity: Identity): Promise<Session> {
  const session = await identity.session();
  if (session !== undefined) return session;
  throw new LocalApiError('conflict', 'No sign-in is configured: there is no identity.issuer.');
}

/** What a person can mend reaches them; anything else is an internal error and does not. */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    const text = error.mend === undefined ? error.message : `${error.message} ${error.mend}`;
    const code = error.isPassing ? 'unavailable' : 'conflict';
    throw new LocalApiError(code, text, { cause: error });
  }
}
