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
  /** Calls for a model, and for its list, that reached the gateway. */
  readonly received: readonly GatewayCallSeen[];
  /** What a real gateway sent on to the provider behind it; undefined: it is a contract server. */
  readonly sentOn?: readonly GatewayCallSeen[];
  readonly canRefuse: ReadonlySet<Refusal>;
  /** What has to be asked for the gateway to say it, where the question matters. */
  readonly prompts?: Readonly<Partial<Record<Refusal, string>>>;
  /** Calls (names of three-sdks.mjs) to which it doesn't apply what it says to others. */
  readonly unchecked?: Readonly<Partial<Record<Refusal, RegExp>>>;
  /** From now on, or never again. A real gateway may have to be asked for it. */
  refuse(how: Refusal | undefined): void | Promise<void>;
  /** How often its quota was read; undefined: it has none. */
  quotaReads?(): number;
  /** What its quota endpoint says. */
  setQuota?(quota: unknown): void;
  clear(): void;
  stop(): Promise<void>;
}
