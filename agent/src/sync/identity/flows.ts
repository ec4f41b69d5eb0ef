import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  type IDToken,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { type Claims, isIncomplete } from './claims.ts';
import type { IdentityConfig } from './config.ts';
import { asIdentityError } from './explain-error.ts';
import { IdentityError } from './identity-error.ts';
import { listenForRedirect, type Outcome } from './loopback.ts';
import type { Provider } from './provider.ts';

/** What a provider has given, with the claims of ID token and userinfo together. */
export interface Tokens {
  readonly accessToken: string;
  /** How long the access token is good, from now. */
  readonly expiresInMs: number | undefined;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly claims: Claims;
}

/** A sign-in that waits for the person. */
export interface PendingSignIn {
  readonly flow: 'browser' | 'device';
  readonly url: string;
  /** To be typed in at `url`, which holds it already where the provider offers that. */
  readonly userCode: string | undefined;
  readonly untilMs: number;
  /** Rejects with IdentityError; `sign-in-cancelled` after `cancel`. */
  readonly tokens: Promise<Tokens>;
  cancel(): void;
}

const BROWSER_SIGN_IN_MS = 10 * 60_000;
const DEFAULT_DEVICE_SIGN_IN_MS = 10 * 60_000;

const cancelled = (): IdentityError =>
  new IdentityError('sign-in-cancelled', 'The sign-in was given up.', 'Sign in again: postern login');

/** Authorization code with PKCE (RFC 7636) and a loopback redirect (RFC 8252). */
export async function startBrowserSignIn(
  provider: Provider,
  config: IdentityConfig,
  nowMs: () => number,
): Promise<PendingSignIn> {
  const configuration = await provider.configuration();
  const host = new URL(config.issuer).host;
  const pkceCodeVerifier = randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [randomState(), randomNonce()];
  const { promise: tokens, resolve, reject } = Promise.withResolvers<Tokens>();
  tokens.catch(() => undefined); // whoever asks for the outcome gets it; nobody may be asking yet
  const listener = await listenForRedirect({
    ...config.redirect,
    state: expectedState,
    async onAnswer(answer): Promise<Outcome> {
      clearTimeout(timer);
      try {
        // Checks state, `iss` (RFC 9207), then the ID token's issuer, audience, times, nonce and signature.
        const granted = await authorizationCodeGrant(configuration, answer, {
          pkceCodeVerifier,
          expectedState,
          expectedNonce,
          idTokenExpected: true,
        });
        resolve(await withUserInfo(configuration, config, granted, undefined));
        return { ok: true, text: 'You can close this page.' };
      } catch (error) {
        const failure = asIdentityError(error, 'sign-in', host);
        reject(failure);
        return { ok: false, text: `${failure.message} ${failure.mend ?? ''}` };
      }
    },
  });
  const timer = setTimeout(() => {
    listener.close();
    reject(new IdentityError('sign-in-expired', 'Nobody signed in within 10 minutes.', 'postern login'));
  }, BROWSER_SIGN_IN_MS);
  timer.unref();
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: listener.redirectUri,
    scope: config.scopes.join(' '),
    code_challenge: await calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...(config.audience !== undefined && { audience: config.audience }),
    ...(config.prompt !== undefined && { prompt: config.prompt }),
  });
  return {
    flow: 'browser',
    url: url.href,
    userCode: undefined,
    untilMs: nowMs() + BROWSER_SIGN_IN_MS,
    tokens,
    cancel() {
      clearTimeout(timer);
      listener.close();
      reject(cancelled());
    },
  };
}

/** RFC 8628: the person signs in on another device. With PKCE, as providers may demand of every public client. */
export async function startDeviceSignIn(
  provider: Provider,
  config: IdentityConfig,
  nowMs: () => number,
): Promise<PendingSignIn> {
  const configuration = await provider.configuration();
  const host = new URL(config.issuer).host;
  if (configuration.serverMetadata().device_authorization_endpoint === undefined) {
    throw new IdentityError(
      'device-flow-unsupported',
      `${host} offers no sign-in by code.`,
      'Sign in with a browser on this machine: postern login',
    );
  }
  const pkceCodeVerifier = randomPKCECodeVerifier();
  const started = await initiateDeviceAuthorization(configuration, {
    scope: config.scopes.join(' '),
    code_challenge: await calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(config.audience !== undefined && { audience: config.audience }),
  }).catch((error: unknown) => {
    throw asIdentityError(error, 'device', host);
  });
  const giveUp = new AbortController();
  const tokens = pollDeviceAuthorizationGrant(
    configuration,
    started,
    { code_verifier: pkceCodeVerifier },
    { signal: giveUp.signal },
  )
    .then((granted) => withUserInfo(configuration, config, granted, undefined))
    .catch((error: unknown) => {
      throw giveUp.signal.aborted ? cancelled() : asIdentityError(error, 'device', host);
    });
  tokens.catch(() => undefined); // as above
  return {
    flow: 'device',
    url: started.verification_uri_complete ?? started.verification_uri,
    userCode: started.user_code,
    untilMs: nowMs() + (started.expires_in * 1000 || DEFAULT_DEVICE_SIGN_IN_MS),
    tokens,
    cancel: () => giveUp.abort(),
  };
}

/** A new access token, and usually a new refresh token (RFC 9700 section 4.14: the old one is void). */
export async function refresh(
  provider: Provider,
  config: IdentityConfig,
  refreshToken: string,
  known: Claims,
): Promise<Tokens> {
  const configuration = await provider.configuration();
  try {
    const granted = await refreshTokenGrant(configuration, refreshToken);
    return await withUserInfo(configuration, config, granted, known);
  } catch (error) {
    throw asIdentityError(error, 'refresh', new URL(config.issuer).host);
  }
}

async function withUserInfo(
  configuration: Configuration,
  config: IdentityConfig,
  granted: TokenEndpointResponse & TokenEndpointResponseHelpers,
  known: Claims | undefined,
): Promise<Tokens> {
  const idClaims: IDToken | undefined = granted.claims();
  const subject = idClaims?.sub ?? (typeof known?.['sub'] === 'string' ? known['sub'] : undefined);
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  const wanted = idClaims === undefined || isIncomplete(idClaims, config);
  const more =
    subject !== undefined && wanted && endpoint !== undefined
      ? await userInfo(configuration, granted.access_token, subject)
      : undefined;
  const expiresIn = granted.expiresIn();
  return {
    accessToken: granted.access_token,
    expiresInMs: expiresIn === undefined ? undefined : expiresIn * 1000,
    refreshToken: granted.refresh_token,
    idToken: granted.id_token,
    claims: { ...known, ...more, ...idClaims },
  };
}

/** A provider whose userinfo is for other tokens than ours still signs people in: what it would add is left out. */
async function userInfo(
  configuration: Configuration,
  accessToken: string,
  subject: string,
): Promise<Claims | undefined> {
  try {
    return await fetchUserInfo(configuration, accessToken, subject);
  } catch (error) {
    const failure = asIdentityError(error, 'userinfo', '');
    // A refresh token may have been rotated with this very answer: it must not be lost for a missing name.
    if (failure.isPassing) return undefined;
    throw failure;
  }
}
