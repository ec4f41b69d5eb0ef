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
  readonly key?: string | undefined;
  readonly app: {
    readonly id: string;
    readonly name: string;
    readonly identifiedBy: string;
    /** Absent where the platform couldn't tell, and in records of earlier versions. */
    readonly process?:
      | { readonly name: string; readonly pid: number; readonly script?: string | undefined }
      | undefined;
  };
  readonly service: string;
  readonly host: string;
  readonly operation: string;
  readonly model?: string | undefined;
  readonly mode: string;
  readonly decision: string;
  readonly effective: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly action: string;
    readonly text: string;
    /** The security team's own words, where the rule has some. */
    readonly message?: string | undefined;
    /** The rule was on trial: it counts in `decision`, not in `effective`. */
    readonly shadow?: true | undefined;
  }[];
  readonly findings: Readonly<Record<string, number>>;
  /** Who searched, and the kinds that each found; absent in records of earlier versions. */
  readonly detectors?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly result: string;
  readonly cause?: string | undefined;
  readonly status?: number | undefined;
  readonly bytes: { readonly request: number; readonly response: number };
  /** Absent where neither the provider nor an estimate said anything. */
  readonly tokens?: TokenCounts | undefined;
  readonly cost?:
    | { readonly nanoUsd: number; readonly estimated: boolean; readonly pricedAs: string }
    | undefined;
  /** What was expected of the call's cost, and what the tightest budget had left before it. */
  readonly spend?: SpendNote | undefined;
  readonly addedMs: number;
  readonly policy: PolicyName;
  readonly sequence?: number;
  readonly previous?: string;
}

/** One rule's part as collectors and spreadsheets get it: `no-secrets=block`, `new-rule=block(trial)`. */
export const ruleWord = ({ rule, action, shadow }: ExchangeBody['rules'][number]): string =>
  `${rule}=${action}${shadow ? '(trial)' : ''}`;

interface TokenCounts {
  readonly input?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly output?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly inputAudio?: number | undefined;
  readonly outputAudio?: number | undefined;
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

/** Blank until the writer numbers the record; in the body from the start, so that its keys are in canonical order. */
const UNNUMBERED = { previous: '', sequence: 0 } as const;

/** Keys in the order of canonical JSON (0040), so that the writer need not sort them for every call. */
export function exchangeBody(record: ExchangeRecord): ExchangeBody {
  const { app, usage, cost, policy } = record;
  return {
    addedMs: record.addedMs,
    app: { id: app.id, identifiedBy: app.identifiedBy, name: app.name, process: app.process },
    atMs: record.startedAtMs,
    bytes: { request: record.requestBytes, response: record.responseBytes },
    cause: record.cause,
    cost: cost && { estimated: cost.estimated, nanoUsd: cost.nanoUsd, pricedAs: cost.pricedAs },
    decision: record.decision,
    detectors: inOrder(record.detectors),
    device: record.device,
    durationMs: record.endedAtMs - record.startedAtMs,
    effective: record.effective,
    findings: inOrder(record.findings),
    host: record.host,
    id: record.id,
    key: record.key,
    kind: 'exchange',
    mode: record.mode,
    model: record.model,
    operation: record.operation,
    policy: { name: policy.name, revision: policy.revision },
    previous: UNNUMBERED.previous,
    result: record.result,
    rules: record.reasons.map(({ rule, action, text, message, shadow }) => ({
      action,
      message,
      rule,
      shadow,
      text,
    })),
    sequence: UNNUMBERED.sequence,
    service: record.service,
    spend: record.spend && spendNote(record.spend),
    status: record.status,
    tokens: usage && tokenCounts(usage, record.usageEstimated),
    user: record.user,
  };
}

/** By name: the policy's order of detectors, and the order in which kinds were found, are not the log's. */
function inOrder<Value>(members: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  const names = Object.keys(members);
  if (names.length < 2) return members;
  const ordered: Record<string, Value> = {};
  for (const name of names.sort()) ordered[name] = members[name] as Value;
  return ordered;
}

const spendNote = (note: SpendNote): SpendNote => ({
  ...(note.budget !== undefined && { budget: note.budget }),
  ...(note.downgradedFrom !== undefined && { downgradedFrom: note.downgradedFrom }),
  ...(note.estimatedNanoUsd !== undefined && { estimatedNanoUsd: note.estimatedNanoUsd }),
  ...(note.remainingNanoUsd !== undefined && { remainingNanoUsd: note.remainingNanoUsd }),
  ...(note.remainingTokens !== undefined && { remainingTokens: note.remainingTokens }),
});

export const eventBody = (record: EventRecord): EventBody => ({
  kind: 'event',
  id: record.id,
  atMs: record.atMs,
  code: record.code,
  detail: record.detail,
  policy: { name: record.policy.name, revision: record.policy.revision },
});

function tokenCounts(usage: NonNullable<ExchangeRecord['usage']>, estimated: boolean): TokenCounts {
  return {
    cacheRead: count(usage.cacheReadTokens),
    cacheWrite: count(usage.cacheWriteTokens),
    cacheWrite1h: count(usage.cacheWrite1hTokens),
    estimated,
    input: count(usage.inputTokens),
    inputAudio: count(usage.inputAudioTokens),
    output: count(usage.outputTokens),
    outputAudio: count(usage.outputAudioTokens),
    reasoning: count(usage.reasoningTokens),
  };
}

/** Providers are not trusted to send whole numbers: one bad count must not make the record unwritable. */
const count = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
