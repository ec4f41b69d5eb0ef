/** The real `oidc-provider` over TLS on loopback, with people, short lives, a clock of its own, and ways to go wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type { TestAuthority } from './pki.ts';

export const CLIENT_ID = 'postern-agent';

export interface OpenIdProviderOptions {
  readonly authority: TestAuthority;
  /** The issuer's host name; a test that uses another than 127.0.0.1 brings its own way there. */
  readonly host?: string;
  readonly accessTokenSeconds?: number;
  readonly deviceFlow?: boolean;
  readonly refreshTokens?: boolean;
  /** More claims of everybody. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Put into the ID token, and not only given at userinfo. */
  readonly claimsInIdToken?: boolean;
}

/** Answers in the provider's place; true if it did. */
export type Intruder = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface OpenIdProvider {
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  /** `POST /token`, in order. */
  readonly requests: string[];
  /** Forms that were sent to the token endpoint. */
  readonly forms: URLSearchParams[];
  /** Forms that asked for a code to sign in with on another device (RFC 8628). */
  readonly deviceForms: URLSearchParams[];
  /** Access, refresh and ID tokens that were given out. */
  readonly issued: string[];
  intruder: Intruder | undefined;
  /** By how much its clock is ahead of ours; shown in Date headers. Its tokens' times follow only a shifted process. */
  dateShiftMs: number;
  /** What stands in answers is changed on its way: for mismatches. */
  rewrite: ((path: string, location: string) => string) | undefined;
  /** Ends everything that was granted for this refresh token, as an administrator would. */
  revoke(refreshToken: string): Promise<void>;
  /** The same for everything that it has given out. */
  revokeAll(): Promise<void>;
  close(): Promise<void>;
}

export async function startOpenIdProvider(options: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const { authority, host = '127.0.0.1', accessTokenSeconds = 3600, deviceFlow = true } = options;
  const isAddress = /^[\d.]+$/.test(host);
  const certificate = await authority.issue(isAddress ? { addresses: [host] } : { names: [host] });
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer(certificate, (request, response) => {
    self.requests.push(`${request.method} ${(request.url ?? '').split('?')[0]}`);
    if (self.dateShiftMs !== 0)
      response.setHeader('date', new Date(Date.now() + self.dateShiftMs).toUTCString());
    const { rewrite } = self;
    if (rewrite !== undefined) rewriteLocation(request, response, rewrite);
    if (self.intruder?.(request, response)) return;
    if (request.url === '/token') {
      keepForm(request, self.forms);
      keepTokens(response, self.issued);
    }
    if (request.url === '/device/auth') keepForm(request, self.deviceForms);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `https://${host}:${port}`;
  // Its advice for production, now and with every page.
  console.info = () => undefined;
  const quiet = console.warn;
  console.warn = () => undefined;
  const provider = new Provider(issuer, configuration(options, accessTokenSeconds, deviceFlow));
  console.warn = quiet;
  handle = provider.callback();
  const self: OpenIdProvider = {
    issuer,
    port,
    provider,
    requests: [],
    forms: [],
    deviceForms: [],
    issued: [],
    intruder: undefined,
    dateShiftMs: 0,
    rewrite: undefined,
    async revoke(refreshToken) {
      const found = await provider.RefreshToken.find(refreshToken);
      if (found?.grantId === undefined) throw new Error('there is no such refresh token');
      await provider.RefreshToken.revokeByGrantId(found.grantId);
    },
    async revokeAll() {
      for (const token of self.issued) {
        const found = await provider.RefreshToken.find(token);
        if (found?.grantId !== undefined) await provider.RefreshToken.revokeByGrantId(found.grantId);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

function configuration(
  { claims = {}, claimsInIdToken = false, refreshTokens = true }: OpenIdProviderOptions,
  accessTokenSeconds: number,
  deviceFlow: boolean,
): Record<string, unknown> {
  const person = (subject: string) => ({
    sub: subject,
    email: `${subject}@acme.test`,
    name: `${subject} of Acme`,
    groups: ['staff', 'engineering'],
    ...claims,
  });
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
        grant_types: [
          'authorization_code',
          'refresh_token',
          ...(deviceFlow ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
        ],
      },
    ],
    cookies: { keys: ['of a test'] },
    conformIdTokenClaims: !claimsInIdToken,
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'groups', ...Object.keys(claims)] },
    findAccount: (_context: unknown, subject: string) => ({
      accountId: subject,
      claims: () => person(subject),
    }),
    features: {
      deviceFlow: { enabled: deviceFlow },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      devInteractions: { enabled: true },
    },
    issueRefreshToken: () => refreshTokens,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  };
}

function rewriteLocation(
  request: IncomingMessage,
  response: ServerResponse,
  rewrite: (path: string, location: string) => string,
): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) =>
    setHeader(
      name,
      name.toLowerCase() === 'location' && typeof value === 'string'
        ? rewrite(request.url ?? '', value)
        : value,
    );
}

function keepTokens(response: ServerResponse, issued: string[]): void {
  const end = response.end.bind(response);
  response.end = (chunk?: unknown, ...rest: unknown[]) => {
    const text = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '{}';
    const answer = JSON.parse(text) as Record<string, unknown>;
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (typeof answer[name] === 'string') issued.push(answer[name]);
    }
    return Reflect.apply(end, response, [chunk, ...rest]) as ServerResponse;
  };
}

/** Beside the provider, which reads the same body. */
function keepForm(request: IncomingMessage, forms: URLSearchParams[]): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => forms.push(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))));
}
