import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { IdentityError } from './identity-error.ts';

/** Which step failed: the same answer means different things in each. */
export type Step = 'discovery' | 'sign-in' | 'device' | 'refresh' | 'userinfo';

/** Any failure of the library or the way to the provider, in our words. The provider's text is quoted, never a token. */
export function asIdentityError(error: unknown, step: Step, host: string): IdentityError {
  const known = identityErrorIn(error);
  if (known !== undefined) return known;
  const options = { cause: error };
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    return oauthError(error.error, error.error_description, step, host, options);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return new IdentityError(
      'provider-failed',
      `${host} did not accept the token that it gave us.`,
      'Sign out and in again: postern logout, postern login',
      options,
    );
  }
  const code = error instanceof ClientError ? (error.code ?? '') : '';
  const why = reasonIn(error);
  if (code === 'OAUTH_TIMEOUT') {
    return new IdentityError(
      'provider-unreachable',
      `${host} did not answer in time.`,
      'Check the network connection; it is tried again by itself.',
      options,
    );
  }
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') {
    return new IdentityError(
      'clock-wrong',
      `The times in the answer of ${host} don't fit this machine's clock.`,
      'Switch on automatic time in the system settings, then sign in again.',
      options,
    );
  }
  if (step === 'discovery') {
    return new IdentityError(
      'discovery-failed',
      `${host} does not answer as an OpenID provider: ${why}`,
      'Check identity.issuer in the configuration: it must be the issuer exactly as the provider names itself.',
      options,
    );
  }
  // What is left are answers that don't fit the question: state, nonce, issuer (RFC 9207), audience, signature.
  return new IdentityError(
    step === 'refresh' || step === 'userinfo' ? 'provider-failed' : 'sign-in-mismatch',
    `The answer of ${host} can't be believed: ${why}`,
    'Sign in again: postern login. If it happens again, tell your security team.',
    options,
  );
}

function identityErrorIn(error: unknown): IdentityError | undefined {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth += 1) {
    if (inner instanceof IdentityError) return inner;
  }
  return undefined;
}

function reasonIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  return inner === undefined || inner === message ? message : `${message} (${inner})`;
}

function oauthError(
  error: string,
  description: string | undefined,
  step: Step,
  host: string,
  options: ErrorOptions,
): IdentityError {
  const said = description === undefined ? error : `${error}: ${description}`;
  if (step === 'refresh' && error === 'invalid_grant') {
    return new IdentityError(
      'session-ended',
      `${host} has ended your sign-in: it was revoked, used twice, or has become too old.`,
      'Sign in again: postern login',
      options,
    );
  }
  if (error === 'access_denied') {
    return new IdentityError(
      'sign-in-refused',
      `The sign-in was refused at ${host} (${said}).`,
      'Sign in again: postern login. If you may not, ask your administrator.',
      options,
    );
  }
  if (error === 'expired_token' || (step !== 'refresh' && error === 'invalid_grant')) {
    return new IdentityError(
      'sign-in-expired',
      `The sign-in took too long, or its code was used already (${said}).`,
      'Sign in again: postern login',
      options,
    );
  }
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return new IdentityError(
      'provider-failed',
      `${host} is in trouble (${said}).`,
      'Try again later.',
      options,
    );
  }
  return new IdentityError(
    'client-refused',
    `${host} does not accept how Postern is set up there (${said}).`,
    'Tell your administrator: identity.clientId, its redirect address or its scopes are not as the provider wants them.',
    options,
  );
}
