/** The queryable columns of an exchange: a function of its audit body alone, so that `verify` can recompute them. */
import type { ExchangeBody } from './audit/body.ts';

export interface ExchangeRow {
  readonly sequence: number;
  readonly id: string;
  readonly started_at_ms: number;
  readonly duration_ms: number;
  readonly user: string;
  readonly key: string | null;
  readonly app: string;
  readonly service: string;
  readonly operation: string;
  readonly model: string | null;
  readonly mode: string;
  readonly decision: string;
  readonly effective: string;
  readonly result: string;
  readonly input_tokens: number | null;
  readonly cache_read_tokens: number | null;
  /** Both lifetimes together. */
  readonly cache_write_tokens: number | null;
  readonly output_tokens: number | null;
  readonly tokens_estimated: number;
  readonly nano_usd: number | null;
  readonly cost_estimated: number;
}

export const EXCHANGE_COLUMNS = [
  'sequence',
  'id',
  'started_at_ms',
  'duration_ms',
  'user',
  'key',
  'app',
  'service',
  'operation',
  'model',
  'mode',
  'decision',
  'effective',
  'result',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'tokens_estimated',
  'nano_usd',
  'cost_estimated',
] as const satisfies readonly (keyof ExchangeRow)[];

export function exchangeRow(sequence: number, body: ExchangeBody): ExchangeRow {
  const { tokens, cost } = body;
  return {
    sequence,
    id: body.id,
    started_at_ms: Math.round(body.atMs),
    duration_ms: Math.round(body.durationMs),
    user: body.user,
    key: body.key ?? null,
    app: body.app.id,
    service: body.service,
    operation: body.operation,
    model: body.model ?? null,
    mode: body.mode,
    decision: body.decision,
    effective: body.effective,
    result: body.result,
    input_tokens: tokens?.input ?? null,
    cache_read_tokens: tokens?.cacheRead ?? null,
    cache_write_tokens: addKnown(tokens?.cacheWrite, tokens?.cacheWrite1h),
    output_tokens: tokens?.output ?? null,
    tokens_estimated: tokens?.estimated === true ? 1 : 0,
    nano_usd: cost?.nanoUsd ?? null,
    cost_estimated: cost?.estimated === true ? 1 : 0,
  };
}

const addKnown = (a: number | undefined, b: number | undefined): number | null =>
  a === undefined && b === undefined ? null : (a ?? 0) + (b ?? 0);
