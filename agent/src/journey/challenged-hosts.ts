import { headerValue, type RawHeaders } from '../core/connection.ts';

const WINDOW_MS = 10 * 60_000;
const CHALLENGES = 3;

/**
 * Sites that ask whether we are a browser, again and again: they see our TLS and not the browser's, so that nobody can
 * convince them. Remembered, so that the policy may let the browser through untouched for a while.
 */
export class ChallengedHosts {
  readonly #hosts = new Map<string, { count: number; readonly firstAtMs: number }>();

  challenged(host: string, nowMs: number): 'counted' | 'now-open' {
    const known = this.#hosts.get(host);
    const state =
      known !== undefined && nowMs - known.firstAtMs <= WINDOW_MS ? known : { count: 0, firstAtMs: nowMs };
    this.#hosts.set(host, state);
    state.count += 1;
    return state.count === CHALLENGES ? 'now-open' : 'counted';
  }

  /** Asked again after the window: the site may have changed its mind. */
  isOpen(host: string, nowMs: number): boolean {
    const state = this.#hosts.get(host);
    return state !== undefined && state.count >= CHALLENGES && nowMs - state.firstAtMs <= WINDOW_MS;
  }
}

/** https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response */
export const isBrowserChallenge = (headers: RawHeaders): boolean =>
  headerValue(headers, 'cf-mitigated') === 'challenge';
