import type { OwnReply, OwnRequest, SendHttp } from '../../core/http.ts';
import { IdentityError } from './identity-error.ts';

/** One call to a service of the organisation; what stands in its way is told in plain words. */
export async function ownCall(send: SendHttp, request: OwnRequest): Promise<OwnReply> {
  const { host } = request.url;
  let reply: OwnReply;
  try {
    reply = await send(request);
  } catch (error) {
    throw transportError(host, error);
  }
  const wall = portalIn(host, reply);
  if (wall !== undefined) throw wall;
  if (reply.status >= 500) {
    throw new IdentityError(
      'provider-failed',
      `${host} is in trouble: it answered ${reply.status}.`,
      'It is tried again by itself; if it lasts, tell your administrator.',
    );
  }
  return reply;
}

export function headerOf({ headers }: Pick<OwnReply, 'headers'>, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

/**
 * A network that wants something first answers in the service's place: with a page, a redirect to one, or 511
 * (RFC 6585 section 6). None of the endpoints that we call does so by itself.
 */
function portalIn(host: string, reply: OwnReply): IdentityError | undefined {
  const { status } = reply;
  const isPage = /^(?:text\/html|application\/xhtml)/i.test(headerOf(reply, 'content-type') ?? '');
  const isPortal = status === 511 || (status >= 300 && status < 400) || (status < 300 && isPage);
  if (!isPortal) return undefined;
  return new IdentityError(
    'captive-portal',
    `Something on the network answered with a web page in the place of ${host}.`,
    'Open a web page in your browser: the network may want you to sign in to it first. If it does not, tell your administrator.',
  );
}

function transportError(host: string, error: unknown): IdentityError {
  if (error instanceof IdentityError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const options = { cause: error };
  if (code === 'proxy-auth') {
    return new IdentityError(
      'proxy-credentials',
      `The company proxy refused us on the way to ${host}: it wants other credentials.`,
      'Correct user name and password in upstream.proxy of the configuration.',
      options,
    );
  }
  if (code === 'certificate-invalid' || code === 'certificate-revoked') {
    return new IdentityError(
      'provider-certificate',
      `${host} showed a certificate that can't be believed: ${error instanceof Error ? error.message : code}`,
      "Check this machine's clock first. Behind a proxy that opens TLS, put its authority into upstream.extraCaFile.",
      options,
    );
  }
  return new IdentityError(
    'provider-unreachable',
    `${host} can't be reached: ${error instanceof Error ? error.message : String(error)}`,
    'Check the network connection; it is tried again by itself.',
    options,
  );
}
