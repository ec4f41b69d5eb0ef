/**
 * The company's gateway, in words that drivers (sync), journey and status share. A driver is what one kind of gateway
 * is like: pure data and functions. The journey asks where a call goes; whoever holds the base URLs answers.
 */
import type { Authority, RawHeaders } from './connection.ts';
import type { DialectId, Operation } from './exchange.ts';
import type { VirtualKey } from './identity.ts';
import type { BudgetTerms, LimitTerms } from './spend.ts';

export type GatewayKind = 'bifrost' | 'litellm' | 'portkey' | 'generic';

/** `gateway`: the company's credentials, ours is the virtual key. `passthrough`: the app's own, the key beside it. */
export type RoutedMode = 'gateway' | 'passthrough';

/** A call that the policy sends through the gateway. */
export interface GatewayCall {
  readonly mode: RoutedMode;
  /** Catalogue id: `openai`, `mistral` … */
  readonly service: string;
  readonly dialect: DialectId;
  readonly operation: Operation;
  readonly method: string;
  /** As the app wrote it, its query included; credentials are already out of it. */
  readonly path: string;
  /** As it will be sent, before the gateway's own naming. */
  readonly model: string | undefined;
}

/** Where a gateway takes a call. */
export interface GatewayPlace {
  /** Below the base URL, with its query. */
  readonly path: string;
  /** What the gateway calls the model; undefined where it stands in the path, or no model is named. */
  readonly model?: string;
  /** What this call needs beside key and attribution. */
  readonly headers?: RawHeaders;
  /** What an unstreamed answer is, where this gateway says `text/plain` of it. */
  readonly answerType?: string;
}

/** On whose behalf a call is made: for the gateway's own logs. */
export interface Attribution {
  readonly user: string;
  readonly device: string;
  readonly app: string;
  readonly service: string;
  readonly decisionId: string;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string;
}

/** Why a gateway said no, whatever words and status it has for it. */
export type GatewayRefusalKind =
  | 'no-key'
  | 'unknown-key'
  | 'inactive-key'
  | 'model'
  | 'provider'
  | 'tool'
  | 'budget'
  | 'rate'
  | 'guardrail'
  | 'denied'
  | 'timeout';

export interface GatewayRefusal {
  readonly kind: GatewayRefusalKind;
  /** The gateway's own words. */
  readonly message: string;
  /** Only of `rate`: how long until there is room again, if it says so. */
  readonly retryAfterMs?: number;
}

/** What a key may still do, as its gateway tells. */
export interface GatewayQuota {
  /** What the gateway calls the key. */
  readonly keyName?: string;
  /** False: it was switched off. */
  readonly active?: boolean;
  readonly expiresAtMs?: number;
  readonly budgets: readonly GatewayBudget[];
  readonly rates: readonly GatewayRate[];
  /** Names or globs; undefined: all. */
  readonly allowedModels?: readonly string[];
}

export interface GatewayBudget {
  /** `key`, `team research`, `openai` … */
  readonly label: string;
  readonly limitUsd: number;
  readonly spentUsd: number;
  /** As the gateway writes it: `1d`, `1M`. */
  readonly window?: string;
  readonly resetsAtMs?: number;
}

export interface GatewayRate {
  readonly label: string;
  readonly of: 'requests' | 'tokens';
  readonly limit: number;
  readonly used?: number;
  readonly window: string;
  readonly resetsAtMs?: number;
}

/** Something the gateway answers about the key that asks. */
export interface OwnRead<Result> {
  readonly path: string;
  /** Throws `GatewayError` if the answer isn't of its shape. */
  read(body: unknown, nowMs: number): Result;
  /** What the answer says to ask next, and to add. */
  further?(body: unknown): readonly Omit<OwnRead<Result>, 'further'>[];
}

export interface MovedCredential {
  /** Lower-case names. */
  readonly remove: readonly string[];
  readonly set: RawHeaders;
}

/** One kind of gateway: pure data and functions. */
export interface GatewayDriver {
  readonly kind: GatewayKind;
  /** For people. */
  readonly title: string;
  /** Undefined: this gateway doesn't serve such a call. */
  place(call: GatewayCall): GatewayPlace | undefined;
  /** The virtual key in the gateway's own header; undefined: it can't be told beside the app's credential. */
  keyHeaders(secret: string, mode: RoutedMode): RawHeaders | undefined;
  /** Of pass-through: the app's own credential where the gateway takes it from; undefined: it stands there already. */
  moveCredential?(headers: RawHeaders): MovedCredential | undefined;
  attribution(who: Attribution): RawHeaders;
  /** Undefined: not a word of the gateway's own, but of the provider behind it, or of the network. */
  readRefusal(answer: GatewayAnswer): GatewayRefusal | undefined;
  /** The gateway's warning in an answer that it lets pass with status 246. */
  readWarning?(body: string): string | undefined;
  readonly quota?: OwnRead<GatewayQuota>;
  readonly models?: OwnRead<readonly string[]>;
  /** Answered without a key, if the gateway is well. */
  readonly healthPath: string;
}

/** One base URL that a call can be sent to. */
export interface GatewayHop {
  readonly target: Authority;
  readonly scheme: 'https' | 'http';
  /** Before every path, without a slash at its end. */
  readonly basePath: string;
}

export type GatewayRoute =
  | {
      readonly type: 'send';
      readonly place: GatewayPlace;
      readonly hop: GatewayHop;
      readonly key: VirtualKey;
      /** Key, attribution and what the place needs. */
      readonly setHeaders: RawHeaders;
    }
  | { readonly type: 'no-key' }
  /** The key may not use it: the gateway would refuse. */
  | { readonly type: 'refused'; readonly refusal: GatewayRefusal }
  | { readonly type: 'not-served'; readonly why: string }
  /** No base URL answers. */
  | { readonly type: 'down' };

const TERM_PREFIX = 'gateway-';
/** Ids of the gateway's own budgets and limits among those of the policy. */
export const gatewayTermId = (label: string): string => `${TERM_PREFIX}${label}`;
export const isGatewayTerm = ({ id }: { readonly id: string }): boolean => id.startsWith(TERM_PREFIX);

/** What the journey asks. Everything here is constant time and in memory. */
export interface Gateway {
  readonly driver: GatewayDriver;
  /** For people: kind and host. */
  readonly name: string;
  /** The gateway's own host is never intercepted. */
  isOwnHost(host: string): boolean;
  activeKey(): VirtualKey | undefined;
  /** `failed`: base URLs that this call has tried already. */
  route(
    call: GatewayCall,
    who: Attribution,
    key: VirtualKey | undefined,
    failed?: readonly GatewayHop[],
  ): GatewayRoute;
  /** True if no base URL is believed to answer. */
  isDown(): boolean;
  answered(hop: GatewayHop): void;
  failed(hop: GatewayHop, cause: string): void;
  /** The gateway took a call with this key. */
  accepted(key: VirtualKey): void;
  /** The gateway said no: its quota is read anew, and whoever keeps the keys is told. */
  refused(key: VirtualKey, refusal: GatewayRefusal): void;
  /** Budgets and limits that the gateway keeps for the key of this name, for the local book. */
  terms(key: string): { readonly budgets: readonly BudgetTerms[]; readonly limits: readonly LimitTerms[] };
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: 'not-a-gateway' | 'unexpected-answer' | 'key-refused' | 'unreachable';
  constructor(code: GatewayError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
