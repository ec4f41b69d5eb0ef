import { buildEndSessionUrl, tokenRevocation } from 'openid-client';
import type { SignedInUser } from '../../core/identity.ts';
import type { Problem } from '../../core/problem.ts';
import type { SecretStore } from '../../core/secrets.ts';
import { type Claims, userFrom, virtualKeyIn } from './claims.ts';
import type { IdentityConfig } from './config.ts';
import { asIdentityError } from './explain-error.ts';
import { type PendingSignIn, refresh, startBrowserSignIn, startDeviceSignIn, type Tokens } from './flows.ts';
import { IdentityError } from './identity-error.ts';
import { leadOn } from './loopback.ts';
import type { Provider } from './provider.ts';
import { forgetSession, loadSession, type StoredSession, saveSession } from './stored-session.ts';

export interface SessionOptions {
  readonly config: IdentityConfig;
  readonly provider: Provider;
  readonly secrets: SecretStore;
  readonly nowMs: () => number;
  /** 0 to 1; spreads a fleet's calls. */
  readonly random: () => number;
  /** Into the audit log; never holds a token. */
  readonly event: (code: string, detail: string) => void;
  readonly onChange: () => void;
}

/** What others may see of it. */
export interface SessionView {
  readonly user: SignedInUser | undefined;
  readonly signedInAtMs: number | undefined;
  /** Until when the provider's word is good; with a refresh token it is renewed before. */
  readonly validUntilMs: number | undefined;
  readonly pending: Pick<PendingSignIn, 'flow' | 'url' | 'userCode' | 'untilMs'> | undefined;
  readonly problem: Problem | undefined;
}

interface Access {
  readonly token: string;
  readonly untilMs: number;
  readonly renewAtMs: number;
}

const DEFAULT_ACCESS_MS = 3_600_000;
/** Renewed when this share of an access token's life has passed. */
const RENEW_SHARE = 0.75;
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 10 * 60_000;
/** Timers stand still while a laptop sleeps: the clock is looked at this often. */
const TICK_MS = 30_000;
/** However short a provider's tokens live. */
const SHORTEST_WAIT_MS = 250;
const END_SESSION_MS = 60_000;

/** One person, signed in or not: the only holder of the provider's tokens. */
export class Session {
  readonly #options: SessionOptions;
  #stored: StoredSession | undefined;
  #user: SignedInUser | undefined;
  #access: Access | undefined;
  #pending: PendingSignIn | undefined;
  #problem: Problem | undefined;
  #refreshing: Promise<void> | undefined;
  #retryAtMs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get user(): SignedInUser | undefined {
    return this.#user;
  }

  get view(): SessionView {
    const { provider } = this.#options;
    const pending = this.#pending;
    return {
      user: this.#user,
      signedInAtMs: this.#stored?.signedInAtMs,
      validUntilMs: this.#access?.untilMs ?? this.#stored?.untilMs,
      pending: pending && {
        flow: pending.flow,
        url: pending.url,
        userCode: pending.userCode,
        untilMs: pending.untilMs,
      },
      problem: this.#problem ?? provider.clockProblem,
    };
  }

  /** The virtual key that the provider put into a claim. */
  get claimedKey(): string | undefined {
    return this.#stored === undefined ? undefined : virtualKeyIn(this.#stored.claims, this.#options.config);
  }

  get idToken(): string | undefined {
    return this.#stored?.idToken;
  }

  /** Takes up what an earlier run has left. */
  async open(): Promise<void> {
    const { secrets, config, nowMs } = this.#options;
    const stored = await loadSession(secrets, config);
    if (stored === undefined || this.#stored !== undefined || this.#closed) return;
    if (stored.refreshToken === undefined && (stored.untilMs ?? 0) <= nowMs()) return;
    this.#stored = stored;
    this.#user = userFrom(stored.claims, config);
    this.#options.onChange();
    this.#wake();
  }

  /** Begins a sign-in; a former one that nobody finished is given up. Throws IdentityError. */
  async start(flow: 'browser' | 'device'): Promise<NonNullable<SessionView['pending']>> {
    const { config, provider, nowMs, onChange } = this.#options;
    this.cancel();
    const begin = flow === 'browser' ? startBrowserSignIn : startDeviceSignIn;
    const pending = await begin(provider, config, nowMs);
    this.cancel(); // another that was begun meanwhile
    this.#pending = pending;
    if (this.#closed) this.cancel();
    this.#problem = undefined;
    onChange();
    void pending.tokens
      .then((tokens) => this.#signedIn(pending, tokens))
      .catch((error: unknown) => this.#signInFailed(pending, error));
    return pending;
  }

  cancel(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    pending.cancel();
    this.#options.onChange();
  }

  /** Ends the session here and at the provider; the address is for the browser, where there is something to end. */
  async signOut(): Promise<{
    readonly endSessionUrl: string | undefined;
    readonly problem: Problem | undefined;
  }> {
    const { secrets, provider, event } = this.#options;
    const stored = this.#stored;
    this.cancel();
    await this.#end(undefined);
    await forgetSession(secrets);
    if (stored === undefined) return { endSessionUrl: undefined, problem: undefined };
    event('signed-out', 'asked for');
    try {
      return { ...(await this.#endAtProvider(provider, stored)), problem: undefined };
    } catch (error) {
      const failure = asIdentityError(error, 'refresh', new URL(stored.issuer).host);
      const text = `You are signed out here, but the provider could not be told: ${failure.message}`;
      return { endSessionUrl: undefined, problem: { code: 'sign-out-incomplete', text, mend: failure.mend } };
    }
  }

  async #endAtProvider(
    provider: Provider,
    stored: StoredSession,
  ): Promise<{ endSessionUrl: string | undefined }> {
    const configuration = await provider.configuration();
    const { revocation_endpoint: revocation, end_session_endpoint: endSession } =
      configuration.serverMetadata();
    if (revocation !== undefined && stored.refreshToken !== undefined) {
      await tokenRevocation(configuration, stored.refreshToken, { token_type_hint: 'refresh_token' });
    }
    if (endSession === undefined) return { endSessionUrl: undefined };
    // RP-initiated logout. A token that may hold a key stays out of the browser's history.
    const hint = this.#options.config.claims.virtualKey === undefined ? stored.idToken : undefined;
    const target = buildEndSessionUrl(configuration, hint === undefined ? {} : { id_token_hint: hint });
    return { endSessionUrl: await leadOn(target, END_SESSION_MS) };
  }

  /** An access token that is good now; undefined if nobody is signed in or the provider can't be asked. */
  async accessToken(): Promise<string | undefined> {
    if (this.#stored === undefined) return undefined;
    if (this.#access === undefined || this.#options.nowMs() >= this.#access.renewAtMs) await this.renew();
    const access = this.#access;
    return access !== undefined && access.untilMs > this.#options.nowMs() ? access.token : undefined;
  }

  /** Asks for new tokens now. Never rejects: what went wrong is the view's problem. */
  renew(): Promise<void> {
    this.#refreshing ??= this.#renew().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    this.#closed = true;
    this.cancel();
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    const { config, provider, nowMs, random, onChange } = this.#options;
    const stored = this.#stored;
    if (stored?.refreshToken === undefined) {
      if (stored !== undefined && (stored.untilMs ?? 0) <= nowMs()) await this.#end(SESSION_OVER);
      return;
    }
    try {
      const tokens = await refresh(provider, config, stored.refreshToken, stored.claims);
      if (this.#stored !== stored) return; // signed out, or somebody else in, meanwhile
      this.#failures = 0;
      this.#problem = undefined;
      await this.#take(tokens, stored.signedInAtMs, stored);
    } catch (error) {
      if (this.#stored !== stored) return;
      const failure =
        error instanceof IdentityError ? error : asIdentityError(error, 'refresh', config.issuer);
      if (failure.isPassing) {
        this.#retryAtMs =
          nowMs() + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures) * (0.5 + random());
        this.#failures += 1;
        this.#problem = problemOf(failure);
      } else await this.#end(problemOf(failure));
    }
    onChange();
  }

  async #signedIn(pending: PendingSignIn, tokens: Tokens): Promise<void> {
    if (this.#pending !== pending) return;
    this.#pending = undefined;
    this.#problem = undefined;
    this.#failures = 0;
    await this.#take(tokens, this.#options.nowMs(), undefined);
    this.#options.event('signed-in', `${pending.flow}, ${new URL(this.#options.config.issuer).host}`);
    this.#options.onChange();
    this.#wake();
  }

  #signInFailed(pending: PendingSignIn, error: unknown): void {
    if (this.#pending !== pending && this.#pending !== undefined) return;
    if (error instanceof IdentityError && error.code === 'sign-in-cancelled') return;
    this.#pending = undefined;
    const failure = asIdentityError(error, 'sign-in', new URL(this.#options.config.issuer).host);
    this.#problem = problemOf(failure);
    this.#options.event('sign-in-failed', failure.code);
    this.#options.onChange();
  }

  async #take(tokens: Tokens, signedInAtMs: number, before: StoredSession | undefined): Promise<void> {
    const { config, secrets, nowMs } = this.#options;
    const user = userFrom(tokens.claims, config);
    if (before !== undefined && user.subject !== userFrom(before.claims, config).subject) {
      return this.#end({
        code: 'session-ended',
        text: 'The provider renewed the sign-in for somebody else.',
        mend: 'Sign in again: postern login',
      });
    }
    const lifeMs = tokens.expiresInMs ?? DEFAULT_ACCESS_MS;
    const untilMs = nowMs() + lifeMs;
    this.#access = { token: tokens.accessToken, untilMs, renewAtMs: nowMs() + lifeMs * RENEW_SHARE };
    const refreshToken = tokens.refreshToken ?? before?.refreshToken;
    const idToken = tokens.idToken ?? before?.idToken;
    this.#stored = {
      issuer: config.issuer,
      clientId: config.clientId,
      signedInAtMs,
      claims: withoutProtocol(tokens.claims),
      ...(refreshToken === undefined ? { untilMs } : { refreshToken }),
      ...(idToken !== undefined && { idToken }),
    };
    this.#user = user;
    // Before anything is done with it: the token before this one is void already.
    await saveSession(secrets, this.#stored);
  }

  async #end(problem: Problem | undefined): Promise<void> {
    const was = this.#stored;
    this.#stored = undefined;
    this.#user = undefined;
    this.#access = undefined;
    this.#problem = problem;
    clearTimeout(this.#timer);
    if (problem !== undefined && was !== undefined) {
      this.#options.event('signed-out', problem.code);
      await forgetSession(this.#options.secrets);
    }
    this.#options.onChange();
  }

  /** Renews when it is time, also after sleep. */
  #wake(): void {
    clearTimeout(this.#timer);
    const stored = this.#stored;
    if (this.#closed || stored === undefined) return;
    const dueAtMs = this.#dueAtMs(stored);
    this.#timer = setTimeout(
      () => {
        const due = this.#options.nowMs() >= dueAtMs;
        void (due ? this.renew() : Promise.resolve()).then(() => this.#wake());
      },
      Math.min(Math.max(dueAtMs - this.#options.nowMs(), SHORTEST_WAIT_MS), TICK_MS),
    );
    this.#timer.unref();
  }

  /** Without a refresh token there is nothing to be done before the end. */
  #dueAtMs(stored: StoredSession): number {
    if (stored.refreshToken === undefined) return stored.untilMs ?? 0;
    return Math.max(this.#access?.renewAtMs ?? 0, this.#retryAtMs);
  }
}

const SESSION_OVER: Problem = {
  code: 'session-ended',
  text: 'Your sign-in has run out: the provider gave no way to renew it.',
  mend: 'Sign in again: postern login',
};

const problemOf = ({ code, message, mend }: IdentityError): Problem => ({ code, text: message, mend });

/** Claims about the token itself say nothing about the person. */
const PROTOCOL_CLAIMS = new Set([
  'iat',
  'exp',
  'nbf',
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'auth_time',
  'jti',
  'aud',
  'azp',
  'sid',
  'iss',
]);
const withoutProtocol = (claims: Claims): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !PROTOCOL_CLAIMS.has(name)));
