import { performance } from 'node:perf_hooks';

const LOOK_EVERY_MS = 4_000;
/** Of one look: less is the agent's own housekeeping. */
const QUIET_MS = 25;
/** An agent that is never quiet so long has work to do, and collects as it goes. */
const LOOKS = 15;

export interface StartGarbageOptions {
  /** How long this thread has been busy so far. */
  readonly busyMs: () => number;
  /** Gives back all that can be given back; takes 0.1 to 0.2 s. */
  readonly collect: () => void;
}

/**
 * Gives back, in the first quiet moment, what only the start needed. V8 collects when something is allocated, so an
 * agent that waits for its first call would keep the start's garbage and a grown nursery (20 MB) for hours. Only once:
 * after a burst of calls it would also throw away what V8 has learnt of the code, and the next calls would take a
 * sixth more CPU (decision 0053).
 */
export function collectStartGarbage({ busyMs, collect }: StartGarbageOptions): { close(): void } {
  let before = busyMs();
  let looks = 0;
  const timer = setInterval(() => {
    const now = busyMs();
    const isQuiet = now - before < QUIET_MS;
    before = now;
    looks += 1;
    if (isQuiet || looks === LOOKS) clearInterval(timer);
    if (isQuiet) collect();
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
