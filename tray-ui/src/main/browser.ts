import type { Electron } from './electron-port.ts';

/** Opens a page of the organisation's sign-in in the person's own browser: web addresses only, never a program. */
export async function openInBrowser({ shell }: Pick<Electron, 'shell'>, address: string): Promise<void> {
  const url = URL.parse(address);
  const isLocal = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLocal))
    throw new Error(`${address} is not a web address that may be opened`);
  await shell.openExternal(url.href);
}

/** The address that an answer asks its caller to open: of `signIn` where to sign in, of `signOut` where to sign out. */
export function addressToOpen(call: string, output: unknown): string | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const { url, endSessionUrl } = output as { readonly url?: unknown; readonly endSessionUrl?: unknown };
  const address = call === 'signIn' ? url : call === 'signOut' ? endSessionUrl : undefined;
  return typeof address === 'string' ? address : undefined;
}
