/** Failures within this window, on a host where nobody ever succeeded, mean that its clients pin another certificate. */
const WINDOW_MS = 10 * 60_000;
const FAILURES = 3;

interface HostState {
  failures: number;
  firstAtMs: number;
  /** Some client has accepted our certificate here, so a failure is that client's own trust, not the host's pinning. */
  accepted: boolean;
}

/** Remembers where clients break off the handshake with us, so that the policy may let them through untouched. */
export class PinnedHosts {
  readonly #hosts = new Map<string, HostState>();

  accepted(host: string): void {
    const state = this.#hosts.get(host);
    if (state === undefined) this.#hosts.set(host, { failures: 0, firstAtMs: 0, accepted: true });
    else state.accepted = true;
  }

  failed(host: string, nowMs: number): 'counted' | 'now-pinned' {
    const state = this.#hosts.get(host) ?? { failures: 0, firstAtMs: nowMs, accepted: false };
    this.#hosts.set(host, state);
    if (nowMs - state.firstAtMs > WINDOW_MS) {
      state.failures = 0;
      state.firstAtMs = nowMs;
    }
    state.failures += 1;
    return !state.accepted && state.failures === FAILURES ? 'now-pinned' : 'counted';
  }

  /** True while this host's clients are known to refuse us; asked again after the window. */
  refusesUs(host: string, nowMs: number): boolean {
    const state = this.#hosts.get(host);
    if (state === undefined || state.accepted || state.failures < FAILURES) return false;
    return nowMs - state.firstAtMs <= WINDOW_MS;
  }
}
