/** When to try again. Pure: randomness is passed in, so that a fleet doesn't knock at the same moment. */

export interface BackoffLimits {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A collector may ask for more patience than that, but a mistyped header must not silence a device for days. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Half of it fixed, half by chance; never sooner than the server asked for. `failures` in a row, at least one. */
export function retryDelayMs(
  failures: number,
  random: number,
  retryAfterMs: number | undefined,
  { firstMs, lastMs }: BackoffLimits,
): number {
  const full = Math.min(lastMs, firstMs * 2 ** Math.min(failures - 1, 30));
  const delay = full / 2 + (full / 2) * random;
  if (retryAfterMs === undefined) return delay;
  const asked = Math.min(Math.max(retryAfterMs, 0), LONGEST_RETRY_AFTER_MS);
  return Math.max(delay, asked * (1 + random / 10));
}

/** RFC 9110 section 10.2.3: seconds, or a date. Undefined if it is neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
