import type { Decision } from '../core/decision.ts';
import type { DialectId } from '../core/exchange.ts';
import type { LocalResponse } from '../core/flow.ts';
import { refusalOf } from '../decide/refusal.ts';
import { dialectById } from '../recognise/dialects.ts';

export const DECISION_HEADER = 'x-postern-decision';

/** HTTP 400 in the provider's own error shape: the one answer that stops every client at once and shows the text. */
export function refusalResponse(decision: Decision, dialectId: DialectId): LocalResponse {
  const refusal = refusalOf(decision);
  const dialect = dialectById(dialectId);
  const body =
    dialect?.refuse(refusal) ??
    JSON.stringify({
      error: { type: 'invalid_request_error', code: refusal.code, message: refusal.message },
    });
  return {
    status: 400,
    headers: [
      'content-type',
      'application/json; charset=utf-8',
      'cache-control',
      'no-store',
      DECISION_HEADER,
      decision.id,
      'x-should-retry',
      'false',
    ],
    body,
  };
}
