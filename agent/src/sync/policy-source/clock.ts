/**
 * A clock that is never earlier than it has been (decision 0147): setting a device's clock back must not make an old
 * policy valid again. Wall clock, the process's own clock, and the times at which newer policies were signed each
 * push it forward; a policy that was signed later takes back what a wrong clock had pushed too far.
 */
export interface ClockSources {
  /** The wall clock; anyone may set it. */
  readonly wallMs: () => number;
  /** The process's own; never set, but stands still in sleep. */
  readonly monotonicMs: () => number;
}

/** Clocks of honest devices and signers differ by this much. */
export const CLOCK_SKEW_MS = 5 * 60_000;

export class SteadyClock {
  readonly #sources: ClockSources;
  #floorMs: number;
  #floorAt: number;

  constructor(sources: ClockSources, floorMs: number) {
    this.#sources = sources;
    this.#floorMs = floorMs;
    this.#floorAt = sources.monotonicMs();
  }

  nowMs(): number {
    return Math.max(this.#sources.wallMs(), this.#floor());
  }

  /** True where the device's clock says less than is certain. */
  isBehind(): boolean {
    return this.#sources.wallMs() < this.#floor() - CLOCK_SKEW_MS;
  }

  /** From now on no earlier than now, and to be kept; never later than `capMs`, past which nothing changes any more. */
  keep(capMs: number): number {
    const keptMs = Math.max(this.#floorMs, Math.min(this.nowMs(), capMs));
    if (keptMs > this.#floor()) {
      this.#floorMs = keptMs;
      this.#floorAt = this.#sources.monotonicMs();
    }
    return keptMs;
  }

  /** A policy newer than all before was signed at this moment: earlier than that it isn't. */
  signed(signedAtMs: number): void {
    const wallMs = this.#sources.wallMs();
    const plausible = wallMs >= signedAtMs - CLOCK_SKEW_MS;
    this.#floorMs = plausible
      ? Math.max(signedAtMs, Math.min(wallMs, this.#floor()))
      : Math.max(this.#floor(), signedAtMs);
    this.#floorAt = this.#sources.monotonicMs();
  }

  #floor(): number {
    return this.#floorMs + Math.max(0, this.#sources.monotonicMs() - this.#floorAt);
  }
}
