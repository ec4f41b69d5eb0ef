import type { Authority } from '../../core/connection.ts';
import type { Flow } from '../../core/flow.ts';
import type { UpstreamCall, UpstreamRequest } from '../ports.ts';
import type { Client } from './client.ts';
import type { Edge } from './edge.ts';
import type { HeadFacts } from './request-head.ts';

/** What the driver is given: the call as the edge read it. */
export interface DrivenCall<Driver> {
  readonly edge: Edge;
  readonly client: Client;
  readonly flow: Flow;
  readonly target: Authority;
  readonly scheme: 'https' | 'http';
  readonly facts: HeadFacts;
  readonly hasBody: boolean;
  /** False for plain requests to hosts that nobody listed: forwarded, not looked at. */
  readonly inspected: boolean;
  /** Monotonic, when the request head was complete. */
  readonly startedAtMs: number;
  /** How the request leaves, where it is not a pooled call: WebSocket upgrades. */
  readonly dispatch?: (target: Authority, request: UpstreamRequest, driver: Driver) => UpstreamCall;
}

/** The same for the parts of the driver that don't send it. */
export type CallFacts = Omit<DrivenCall<never>, 'dispatch'>;
