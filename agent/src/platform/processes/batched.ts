import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One reading at a time, shared by all who asked before it began: whoever asks later may be looking for something
 * that it has missed. Readings start at least `spacingMs` apart, which bounds what any number of callers can cost.
 */
export function batched<Reading>(read: () => Promise<Reading>, spacingMs: number): () => Promise<Reading> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<Reading> | undefined;
  let startedAtMs = Number.NEGATIVE_INFINITY;
  const start = async (): Promise<Reading> => {
    await running;
    const waitMs = startedAtMs + spacingMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { ref: false });
    next = undefined;
    startedAtMs = performance.now();
    const reading = read();
    // Its failure is the callers' to see; here it only has to be over.
    running = reading.then(ignore, ignore);
    return reading;
  };
  return () => {
    next ??= start();
    return next;
  };
}

const ignore = (): void => undefined;
