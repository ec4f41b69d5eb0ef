/** The parts of the configuration file about people, keys and the organisation. */
import { z } from 'zod';
import { isLoopbackHttp } from '../../core/http.ts';

const secureUrl = z.string().refine((text) => URL.canParse(text) && isSecure(new URL(text)), {
  message: 'must be an https URL (http only for this machine)',
});

const isSecure = (url: URL): boolean =>
  (url.protocol === 'https:' || isLoopbackHttp(url)) && url.username === '' && url.password === '';

const words = z.string().min(1);

/** RFC 8693: the person's token against a key of the gateway. */
const tokenExchange = z.strictObject({
  endpoint: secureUrl,
  audience: words.optional(),
  resource: secureUrl.optional(),
  scope: words.optional(),
  /** Which of the person's tokens is shown. */
  subjectToken: z.enum(['access_token', 'id_token']).default('access_token'),
  requestedTokenType: words.optional(),
  /** What records and budgets call the key. */
  keyName: z.string().trim().min(1).max(100).default('sign-in'),
});

export const identityConfig = z.strictObject({
  /** The OpenID provider, as its discovery document names itself. */
  issuer: secureUrl,
  /** A public client: no secret, PKCE. */
  clientId: words,
  scopes: z.array(words).min(1).default(['openid', 'profile', 'email', 'offline_access']),
  audience: words.optional(),
  /** OpenID Connect Core 3.1.2.1; some providers give a refresh token only with `consent`. */
  prompt: z.enum(['login', 'consent', 'select_account']).optional(),
  /** Where the browser comes back to: a free port unless the provider wants a fixed one (RFC 8252 7.3). */
  redirect: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[\w\-/]*$/, 'must be a path such as /callback')
        .default('/callback'),
      port: z.int().min(0).max(65_535).default(0),
    })
    .prefault({}),
  /** Names of claims; `a.b` also looks inside. */
  claims: z
    .strictObject({
      name: words.optional(),
      groups: words.default('groups'),
      virtualKey: words.optional(),
    })
    .prefault({}),
  tokenExchange: tokenExchange.optional(),
});

export const tenantConfig = z.strictObject({
  /** The only organisation that this device may belong to. */
  id: z.string().min(1).max(200),
  enrolUrl: secureUrl.optional(),
  /** A one-time token: with it and `enrolUrl`, the device enrols itself. */
  enrolToken: words.optional(),
});

export const secretsConfig = z.strictObject({
  /** `keychain` alone: without one, nothing is kept, and people sign in after every start. */
  store: z.enum(['keychain-or-file', 'keychain', 'file']).default('keychain-or-file'),
});

export type IdentityConfig = z.infer<typeof identityConfig>;
export type TokenExchangeConfig = z.infer<typeof tokenExchange>;
export type TenantConfig = z.infer<typeof tenantConfig>;
