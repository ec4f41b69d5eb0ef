import type { Decision } from '../core/decision.ts';
import type { DialectId } from '../core/exchange.ts';
import type { LocalResponse } from '../core/flow.ts';
import { refusalOf } from '../decide/refusal.ts';
import { dialectById } from '../recognise/dialects.ts';
import { AWS_ERROR_HEADERS, opaqueErrorBody } from '../recognise/opaque-error.ts';

export const DECISION_HEADER = 'x-postern-decision';

/** HTTP 400 in the provider's own error shape: the one answer that stops every client at once and shows the text. */
export function refusalResponse(
  decision: Decision,
  dialectId: DialectId,
  /** Trouble that a client should try again after: with the status that says so. */
  again?: { readonly status: number; readonly retryAfterMs?: number | undefined },
): LocalResponse {
  const refusal = refusalOf(decision);
  const dialect = dialectById(dialectId);
  const body = dialect?.refuse(refusal) ?? opaqueErrorBody(refusal);
  return {
    status: again?.status ?? 400,
    headers: [
      'content-type',
      'application/json; charset=utf-8',
      'cache-control',
      'no-store',
      DECISION_HEADER,
      decision.id,
      ...(again === undefined ? ['x-should-retry', 'false'] : retryAfter(again.retryAfterMs)),
      ...(dialect === undefined ? AWS_ERROR_HEADERS : []),
    ],
    body,
  };
}

const retryAfter = (ms: number | undefined): string[] =>
  ms === undefined ? [] : ['retry-after', String(Math.max(1, Math.ceil(ms / 1000)))];
