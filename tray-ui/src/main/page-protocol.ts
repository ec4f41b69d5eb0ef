import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Electron } from './electron-port.ts';

const SCHEME = 'postern-page';
const ORIGIN = `${SCHEME}://tray`;
export const PAGE_URL = `${ORIGIN}/index.html`;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** As in index.html, and what only a header can say. Charts place themselves by `style` through the DOM, not by text. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Before the app is ready: a scheme with an origin of its own, so that `'self'` means our files and nothing else. */
export function registerPageScheme({ protocol }: Electron): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/**
 * The page comes from a scheme of its own, not from `file:` (electronjs.org/docs/latest/tutorial/security, 18): nothing
 * but the built renderer's folder can be asked for. `folder`: the built renderer.
 */
export function servePage({ protocol }: Electron, folder: string): void {
  protocol.handle(SCHEME, (request) => pageFile(folder, request));
}

export async function pageFile(
  folder: string,
  request: { readonly url: string; readonly method: string },
): Promise<Response> {
  const url = URL.parse(request.url);
  const type = url === null ? undefined : TYPES[path.extname(url.pathname)];
  if (request.method !== 'GET' || url === null || `${url.protocol}//${url.host}` !== ORIGIN || !type)
    return nothing();
  const file = path.join(folder, path.normalize(decoded(url.pathname)));
  if (!file.startsWith(folder + path.sep)) return nothing();
  try {
    return new Response(await readFile(file), { headers: { ...SECURITY_HEADERS, 'content-type': type } });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ERR_INVALID_ARG_VALUE') return nothing();
    throw error;
  }
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return '/'; // not a name that we gave: there is no such file
  }
}

const nothing = (): Response => new Response('there is no such file', { status: 404 });

/** Nothing of the app comes from a network: no request leaves its window, and no permission is given to anything. */
export function refuseEverythingRemote({ session, app }: Electron): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
    const isOurs = url.startsWith(`${ORIGIN}/`) || (!app.isPackaged && url.startsWith('devtools:'));
    answer({ cancel: !isOurs });
  });
}
