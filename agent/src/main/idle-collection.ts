import { performance } from 'node:perf_hooks';

const LOOK_EVERY_MS = 5_000;
/** Of one look: less is the agent's own housekeeping. */
const QUIET_MS = 25;
/** Work since the last collection that is worth another one. */
const WORTH_MS = 250;

export interface IdleCollectionOptions {
  /** How long this thread has been busy so far. */
  readonly busyMs: () => number;
  /** Gives back all that can be given back; takes 0.1 to 0.2 s. */
  readonly collect: () => void;
}

/**
 * Gives memory back once nothing happens any more. V8 collects when something is allocated, so an agent that has
 * started, or worked through a burst, would keep its garbage and a full-grown nursery (20 MB) for as long as it is
 * idle, which on a laptop is most of the day (decision 0053). Once per quiet time, never in a busy one.
 */
export function collectWhenIdle(options: IdleCollectionOptions): { close(): void } {
  let collectedAtMs = Number.NEGATIVE_INFINITY; // the start itself is worth one
  let before = options.busyMs();
  const timer = setInterval(() => {
    const now = options.busyMs();
    const isQuiet = now - before < QUIET_MS;
    before = now;
    if (!isQuiet || now - collectedAtMs < WORTH_MS) return;
    options.collect();
    before = options.busyMs();
    collectedAtMs = before;
  }, LOOK_EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

export const eventLoopBusyMs = (): number => performance.eventLoopUtilization().active;

/** Undefined where the agent wasn't started by its program, which passes `--expose-gc`. */
export function fullCollection(): (() => void) | undefined {
  const { gc } = globalThis;
  return gc && (() => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}
