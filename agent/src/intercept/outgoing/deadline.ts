import type { OutgoingError } from '../ports.ts';
import { aborted } from './errors.ts';

/**
 * Settles with `work`, or rejects once the time is up or the signal fires, whichever is first. `giveUp` then frees
 * what the work holds; what the work does afterwards is no longer looked at, so it must clean up after itself.
 */
export function within<T>(
  work: Promise<T>,
  limit: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  timedOut: () => OutgoingError,
  giveUp?: () => void,
): Promise<T> {
  const { timeoutMs, signal } = limit;
  return new Promise<T>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const stop = (error: OutgoingError): void =>
      finish(() => {
        giveUp?.();
        reject(error);
      });
    const timer = setTimeout(() => stop(timedOut()), timeoutMs);
    const onAbort = (): void => stop(aborted(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
    );
    if (signal?.aborted) onAbort();
  });
}
