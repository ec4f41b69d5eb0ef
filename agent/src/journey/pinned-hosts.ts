import type { Authority } from '../core/connection.ts';
import { type ProcessIdentity, processKey, processWords } from '../core/process.ts';

/** Failures within this window, of a program that never succeeded there, mean that it pins another certificate. */
const WINDOW_MS = 10 * 60_000;
const FAILURES = 3;
/** More programs than this fail on one host only if somebody makes them up; the oldest is forgotten. */
const MAX_PROGRAMS = 64;
/** All that couldn't be told apart: one bucket per host. */
const UNKNOWN = '';

interface ProgramState {
  failures: number;
  firstAtMs: number;
  /** It has accepted our certificate here, so a failure is a matter of its trust, not of pinning. */
  accepted: boolean;
}

/**
 * Remembers which programs break off the handshake with us, and on which hosts, so that the policy may let them, and
 * only them, through untouched. A program that couldn't be found shares its state with all others like it, and counts
 * as accepting us as soon as anyone does.
 */
export class PinnedHosts {
  readonly #hosts = new Map<string, Map<string, ProgramState>>();

  accepted(host: string, process: ProcessIdentity | undefined): void {
    const programs = this.#programs(host);
    for (const key of process === undefined ? [UNKNOWN] : [UNKNOWN, processKey(process)]) {
      const state = programs.get(key);
      if (state === undefined) keep(programs, key, { failures: 0, firstAtMs: 0, accepted: true });
      else state.accepted = true;
    }
  }

  failed(host: string, process: ProcessIdentity | undefined, nowMs: number): 'counted' | 'now-pinned' {
    const programs = this.#programs(host);
    const key = process === undefined ? UNKNOWN : processKey(process);
    const state = programs.get(key) ?? { failures: 0, firstAtMs: nowMs, accepted: false };
    keep(programs, key, state);
    if (nowMs - state.firstAtMs > WINDOW_MS) {
      state.failures = 0;
      state.firstAtMs = nowMs;
    }
    state.failures += 1;
    return !state.accepted && state.failures === FAILURES ? 'now-pinned' : 'counted';
  }

  /**
   * True from a program's first failure here on: then it matters which one is calling, and it has to be asked before
   * the handshake. One that breaks off is gone before it could be found.
   */
  hasFailures(host: string, nowMs: number): boolean {
    const programs = this.#hosts.get(host);
    if (programs === undefined) return false;
    for (const { failures, firstAtMs } of programs.values())
      if (failures > 0 && nowMs - firstAtMs <= WINDOW_MS) return true;
    return false;
  }

  /** True while this program is known to refuse us here; asked again after the window. */
  refusesUs(host: string, process: ProcessIdentity | undefined, nowMs: number): boolean {
    const key = process === undefined ? UNKNOWN : processKey(process);
    const state = this.#hosts.get(host)?.get(key);
    return state !== undefined && refuses(state, nowMs);
  }

  #programs(host: string): Map<string, ProgramState> {
    let programs = this.#hosts.get(host);
    if (programs === undefined) {
      programs = new Map();
      this.#hosts.set(host, programs);
    }
    return programs;
  }
}

const refuses = ({ accepted, failures, firstAtMs }: ProgramState, nowMs: number): boolean =>
  !accepted && failures >= FAILURES && nowMs - firstAtMs <= WINDOW_MS;

function keep(programs: Map<string, ProgramState>, key: string, state: ProgramState): void {
  programs.set(key, state);
  if (programs.size <= MAX_PROGRAMS) return;
  for (const oldest of programs.keys()) {
    if (oldest === UNKNOWN || oldest === key) continue;
    programs.delete(oldest);
    return;
  }
}

export const handshakeWords = ({ host }: Authority, cause: string, process?: ProcessIdentity): string =>
  process === undefined ? `${host}: ${cause}` : `${host}: ${cause} (${processWords(process)})`;
