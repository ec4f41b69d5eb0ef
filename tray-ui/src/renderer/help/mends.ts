import type { AgentStatus, CallOutput } from '../../../../agent/src/serve/contract.ts';

export type Check = CallOutput<'doctor'>['checks'][number];
/** Mends that are one call; the others are told in words. */
export type Mend = 'resume' | 'reload';

/** Files that were refused may have been put right since: reading them again is the mend, and says why if it isn't. */
const READ_AGAIN = new Set(['policy', 'configuration']);

export function mendOf({ name, state }: Check, status: AgentStatus | undefined): Mend | undefined {
  if (name === 'pause') return status?.pause === undefined ? undefined : 'resume';
  return state === 'fail' && READ_AGAIN.has(name) ? 'reload' : undefined;
}
