import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { API_HOST } from './contract.ts';
import { LocalApiError } from './local-api-error.ts';

export type Caller = 'person' | 'admin';

export interface BorderOptions {
  /** Of the token file, which only the device's user can read. */
  readonly token: string;
  /** Hex SHA-256 of the token that an admin has; asked at each call, since the configuration may change. */
  readonly adminTokenSha256: () => string | undefined;
  /** Somebody was turned away: by what, and how. */
  readonly onRefused: (code: 'origin-refused' | 'host-refused' | 'unauthorized', detail: string) => void;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const SCHEME = 'Bearer ';

/**
 * Who may speak here at all. Threat model, row "web page": no browser may, even if it found a way to the socket. Programs
 * send no Origin and no Sec-Fetch-*; browsers can't leave them out. Bodies are JSON by their type: a page can send no such
 * type without asking first. Returns who made a request.
 */
export function guardBorder(
  server: FastifyInstance,
  options: BorderOptions,
): (request: FastifyRequest) => Caller {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const person = sha256(options.token);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    server.getDefaultJsonParser('error', 'error'),
  );
  const refuse = (
    code: Parameters<BorderOptions['onRefused']>[0],
    message: string,
    detail: string,
  ): never => {
    options.onRefused(code, detail);
    throw new LocalApiError(code, message);
  };
  server.addHook('onRequest', async (request) => {
    const { headers } = request;
    const site = Object.keys(headers).find((name) => name === 'origin' || name.startsWith('sec-fetch-'));
    if (site !== undefined)
      return refuse('origin-refused', 'Web pages may not use this API.', `a request with ${site}`);
    // A target with a host of its own counts before the header (RFC 9112, 3.2.2).
    if (headers.host !== API_HOST || request.raw.url?.startsWith('/') !== true)
      return refuse('host-refused', `The Host header must be "${API_HOST}".`, 'a request for another host');
    const { authorization = '' } = headers;
    // Digests have one length, so that the comparison's time says nothing about the token.
    const given = sha256(authorization.startsWith(SCHEME) ? authorization.slice(SCHEME.length) : '');
    const admin = options.adminTokenSha256();
    if (timingSafeEqual(given, person)) callers.set(request, 'person');
    else if (admin !== undefined && timingSafeEqual(given, Buffer.from(admin, 'hex')))
      callers.set(request, 'admin');
    else
      return refuse(
        'unauthorized',
        "The token is missing or wrong; it is in the agent's home.",
        'a request without the right token',
      );
    return undefined;
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new LocalApiError('unauthorized', 'Nobody has said who asks.');
    return caller;
  };
}
