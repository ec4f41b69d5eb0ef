import type { ClientProcesses } from '../core/process.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { platform } from '../platform/platform.ts';
import { createProcessFinder } from '../platform/processes/client-processes.ts';

/** A policy that asks which app is calling gets its answer, unless the system takes unreasonably long. */
const DECIDING_MS = 1_000;
/** For the record alone: what is found later counts for the connection's next requests. */
const TELLING_MS = 100;

export function clientProcesses(
  policy: () => CompiledPolicy,
  log: (code: string, detail: string) => void,
): ClientProcesses {
  return {
    find: createProcessFinder(platform().os, log),
    patienceMs: () => (policy().asksForApp ? DECIDING_MS : TELLING_MS),
  };
}
