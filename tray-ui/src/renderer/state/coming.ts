/**
 * Parts of `status.policy` that an agent without signed policies leaves out. The window shows each where it is there.
 */
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';

export type Problem = AgentStatus['degraded'][number];

/** Signed policy from a server: what is in force, and how fresh it is. */
interface BundleView {
  readonly release?: number | undefined;
  readonly group?: string | undefined;
  readonly lastContactMs?: number | undefined;
  readonly age: 'fresh' | 'grace' | 'over';
  readonly trouble?: Problem | undefined;
  readonly fellBack?: { readonly atMs: number; readonly why: string } | undefined;
}

/** A help desk's code, and switches of the organisation, while they are in force. */
interface PolicyExtras {
  readonly bundle?: BundleView | undefined;
  readonly override?: { readonly untilMs: number } | undefined;
  readonly switches?:
    | readonly { readonly id: string; readonly untilMs: number; readonly reason: string }[]
    | undefined;
}

export const policyExtras = ({ policy }: AgentStatus): PolicyExtras => policy as PolicyExtras;
