/** What the journeys want of a gateway, whether it is a real one or a contract server. */
import type { IncomingHttpHeaders } from 'node:http';

export interface GatewayCallSeen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a test may have the gateway say; not every gateway under test can say all of it. */
export type Refusal =
  | 'no-key'
  | 'unknown-key'
  | 'inactive-key'
  | 'model'
  | 'provider'
  | 'budget'
  | 'rate'
  | 'guardrail'
  | 'timeout'
  | 'provider-down'
  | 'warning'
  | 'web-page'
  | 'stream-error';

export interface GatewayUnderTest {
  readonly title: string;
  /** The agent's `gateway`, without the key. */
  readonly config: Record<string, unknown>;
  /** A key that it accepts. */
  readonly key: string;
  /** Where the key stands in what it receives. */
  readonly keyHeader: string;
  /** Calls for a model that reached the gateway, or the provider behind it where the gateway is a real one. */
  readonly received: readonly GatewayCallSeen[];
  /** True: `received` is what the gateway got; false: what it sent on. */
  readonly seesRequests: boolean;
  readonly canRefuse: ReadonlySet<Refusal>;
  /** From now on, or never again. */
  refuse(how: Refusal | undefined): void;
  /** How often its quota was read; undefined: it has none. */
  quotaReads?(): number;
  /** What its quota endpoint says. */
  setQuota?(quota: unknown): void;
  clear(): void;
  stop(): Promise<void>;
}
