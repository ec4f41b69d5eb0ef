import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';

/** Something that isn't as it should be, and what the person can do about it. */
export type Problem = AgentStatus['degraded'][number];
