/**
 * What one audit record says, before it is numbered and chained. This is the log's file format: fields may be added,
 * never renamed, or old logs can no longer be exported. No prompt or answer text, and no provider's raw usage object.
 */

import type { EventRecord, ExchangeRecord } from '../../core/records.ts';
import type { SpendNote } from '../../core/spend.ts';

export interface ExchangeBody {
  readonly kind: 'exchange';
  readonly id: string;
  readonly atMs: number;
  readonly durationMs: number;
  readonly device: string;
  readonly user: string;
  readonly key?: string;
  readonly app: { readonly id: string; readonly name: string; readonly identifiedBy: string };
  readonly service: string;
  readonly host: string;
  readonly operation: string;
  readonly model?: string;
  readonly mode: string;
  readonly decision: string;
  readonly effective: string;
  readonly rules: readonly { readonly rule: string; readonly action: string; readonly text: string }[];
  readonly findings: Readonly<Record<string, number>>;
  /** Who searched, and the kinds that each found; absent in records of earlier versions. */
  readonly detectors?: Readonly<Record<string, readonly string[]>>;
  readonly result: string;
  readonly cause?: string;
  readonly status?: number;
  readonly bytes: { readonly request: number; readonly response: number };
  /** Absent where neither the provider nor an estimate said anything. */
  readonly tokens?: TokenCounts;
  readonly cost?: { readonly nanoUsd: number; readonly estimated: boolean; readonly pricedAs: string };
  /** What was expected of the call's cost, and what the tightest budget had left before it. */
  readonly spend?: SpendNote;
  readonly addedMs: number;
  readonly policy: PolicyName;
}

interface TokenCounts {
  readonly input?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly cacheWrite1h?: number;
  readonly output?: number;
  readonly reasoning?: number;
  readonly inputAudio?: number;
  readonly outputAudio?: number;
  readonly estimated: boolean;
}

export interface EventBody {
  readonly kind: 'event';
  readonly id: string;
  readonly atMs: number;
  readonly code: string;
  readonly detail: string;
  /** Absent for the log's own events: it knows no policy. */
  readonly policy?: PolicyName;
}

/** Stands for records that could not be kept: how many, from when to when, and what they would have added up to. */
export interface DroppedBody {
  readonly kind: 'dropped';
  readonly id: string;
  readonly atMs: number;
  readonly fromMs: number;
  readonly count: number;
  /** How many per effective action; `event` counts event records. */
  readonly byEffective: Readonly<Record<string, number>>;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly nanoUsd: number;
}

interface PolicyName {
  readonly name: string;
  readonly revision: string;
}

export type AuditBody = ExchangeBody | EventBody | DroppedBody;
/** As stored and hashed: the canonical JSON of this is the leaf. `previous` is the leaf hash before it, in hex. */
export type ChainedBody = AuditBody & { readonly sequence: number; readonly previous: string };

export function exchangeBody(record: ExchangeRecord): ExchangeBody {
  return {
    kind: 'exchange',
    id: record.id,
    atMs: record.startedAtMs,
    durationMs: record.endedAtMs - record.startedAtMs,
    device: record.device,
    user: record.user,
    ...(record.key === undefined ? {} : { key: record.key }),
    app: { id: record.app.id, name: record.app.name, identifiedBy: record.app.identifiedBy },
    service: record.service,
    host: record.host,
    operation: record.operation,
    ...(record.model === undefined ? {} : { model: record.model }),
    mode: record.mode,
    decision: record.decision,
    effective: record.effective,
    rules: record.reasons.map(({ rule, action, text }) => ({ rule, action, text })),
    findings: record.findings,
    detectors: record.detectors,
    result: record.result,
    ...(record.cause === undefined ? {} : { cause: record.cause }),
    ...(record.status === undefined ? {} : { status: record.status }),
    bytes: { request: record.requestBytes, response: record.responseBytes },
    ...(record.usage === undefined ? {} : { tokens: tokenCounts(record.usage, record.usageEstimated) }),
    ...(record.cost === undefined ? {} : { cost: costOf(record.cost) }),
    ...(record.spend === undefined ? {} : { spend: record.spend }),
    addedMs: record.addedMs,
    policy: { name: record.policy.name, revision: record.policy.revision },
  };
}

export const eventBody = (record: EventRecord): EventBody => ({
  kind: 'event',
  id: record.id,
  atMs: record.atMs,
  code: record.code,
  detail: record.detail,
  policy: { name: record.policy.name, revision: record.policy.revision },
});

const costOf = ({ nanoUsd, estimated, pricedAs }: NonNullable<ExchangeRecord['cost']>) => ({
  nanoUsd,
  estimated,
  pricedAs,
});

function tokenCounts(usage: NonNullable<ExchangeRecord['usage']>, estimated: boolean): TokenCounts {
  // Providers are not trusted to send whole numbers: one bad count must not make the record unwritable.
  const counts: Record<string, number> = {};
  const put = (name: string, value: number | undefined) => {
    if (value !== undefined && Number.isFinite(value) && value >= 0) counts[name] = Math.round(value);
  };
  put('input', usage.inputTokens);
  put('cacheRead', usage.cacheReadTokens);
  put('cacheWrite', usage.cacheWriteTokens);
  put('cacheWrite1h', usage.cacheWrite1hTokens);
  put('output', usage.outputTokens);
  put('reasoning', usage.reasoningTokens);
  put('inputAudio', usage.inputAudioTokens);
  put('outputAudio', usage.outputAudioTokens);
  return { ...counts, estimated };
}
