/**
 * Parts of `status` that an agent of today may leave out: no gateway, no sign-in, no telemetry configured. The window
 * shows each where it is there.
 */
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';

export interface Problem {
  readonly code: string;
  readonly text: string;
  readonly mend?: string | undefined;
}

export interface GatewayView {
  readonly kind: string;
  readonly host: string;
  readonly state: 'unknown' | 'up' | 'degraded' | 'down';
  readonly latencyMs?: number | undefined;
  readonly key?: string | undefined;
  readonly quota?:
    | {
        readonly budgets: readonly {
          readonly label: string;
          readonly limitUsd: number;
          readonly spentUsd: number;
          readonly window?: string | undefined;
          readonly resetsAtMs?: number | undefined;
        }[];
      }
    | undefined;
  readonly quotaProblem?: string | undefined;
}

export interface IdentityView {
  readonly issuer?: string | undefined;
  readonly state: 'not-configured' | 'signed-out' | 'signed-in';
  readonly user?: { readonly name: string; readonly groups: readonly string[] } | undefined;
  readonly validUntilMs?: number | undefined;
  readonly problem?: Problem | undefined;
  readonly keys: readonly {
    readonly name: string;
    readonly active: boolean;
    readonly expiresAtMs?: number | undefined;
    readonly refused?: string | undefined;
  }[];
}

export interface TelemetryView {
  readonly worksCouncil: boolean;
  readonly destinations: readonly {
    readonly name: string;
    readonly state: 'ok' | 'waiting' | 'failing';
    readonly lastDeliveryAtMs?: number | undefined;
    readonly waitingRecords: number;
    readonly problem?: Problem | undefined;
  }[];
}

export interface BundleView {
  readonly release?: number | undefined;
  readonly group?: string | undefined;
  readonly lastContactMs?: number | undefined;
  readonly age: 'fresh' | 'grace' | 'over';
  readonly graceUntilMs?: number | undefined;
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

interface Coming extends PolicyExtras {
  readonly gateway?: GatewayView | undefined;
  readonly identity?: IdentityView | undefined;
  readonly telemetry?: TelemetryView | undefined;
}

export function comingParts(status: AgentStatus): Coming {
  const { gateway, identity, telemetry } = status as AgentStatus & Coming;
  const { bundle, override, switches } = status.policy as PolicyExtras;
  return { gateway, identity, telemetry, bundle, override, switches };
}
