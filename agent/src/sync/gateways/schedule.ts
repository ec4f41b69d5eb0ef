import type { CentralGateway } from './central-gateway.ts';

export interface ScheduleTimes {
  /** How often the quota is read, give or take a fifth, so that a fleet doesn't ask at once. */
  readonly quotaMs: number;
  /** How long nothing may be heard of a base URL before it is asked. */
  readonly quietMs: number;
  /** How often this looks whether anything is due. */
  readonly tickMs: number;
  /** After a refusal: several at once lead to one reading. */
  readonly settleMs: number;
}

export const DEFAULT_TIMES: ScheduleTimes = {
  quotaMs: 60_000,
  quietMs: 60_000,
  tickMs: 2_000,
  settleMs: 250,
};

/** Reads the quota and probes base URLs: on an interval, after refusals, and when the machine wakes. Close it. */
export function scheduleGateway(
  gateway: CentralGateway,
  times: ScheduleTimes = DEFAULT_TIMES,
): { close(): void } {
  const jittered = (): number => times.quotaMs * (0.8 + Math.random() * 0.4);
  let lastTickMs = Date.now();
  let quotaDueMs = 0;
  let probeDueMs = 0;
  let soon: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const nowMs = Date.now();
    // A clock that jumped: the machine slept, or its time was set. Nothing that was known holds.
    if (Math.abs(nowMs - lastTickMs - times.tickMs) > times.tickMs + 10_000) quotaDueMs = probeDueMs = 0;
    lastTickMs = nowMs;
    if (nowMs >= quotaDueMs) {
      const reset = gateway.nextResetMs();
      quotaDueMs = Math.min(nowMs + jittered(), (reset ?? Number.POSITIVE_INFINITY) + 1_000);
      void gateway.refreshQuota();
    }
    const down = gateway.view().state === 'down' || gateway.view().state === 'degraded';
    if (nowMs >= probeDueMs || down) {
      probeDueMs = nowMs + times.quietMs;
      void gateway.probeQuiet(down ? times.tickMs : times.quietMs);
    }
  };
  gateway.onQuotaStale = () => {
    soon ??= setTimeout(() => {
      soon = undefined;
      void gateway.refreshQuota();
    }, times.settleMs);
    soon.unref();
  };
  const timer = setInterval(tick, times.tickMs);
  timer.unref();
  tick();
  return {
    close() {
      clearInterval(timer);
      clearTimeout(soon);
      gateway.onQuotaStale = () => undefined;
    },
  };
}
