import type { Decision, Reason } from '../core/decision.ts';
import type { DialectId } from '../core/exchange.ts';
import type { LocalResponse } from '../core/flow.ts';
import { refusalOf } from '../decide/refusal.ts';
import { dialectById } from '../recognise/dialects.ts';
import { AWS_ERROR_HEADERS, opaqueErrorBody } from '../recognise/opaque-error.ts';

export const DECISION_HEADER = 'x-postern-decision';

/** HTTP 400 in the provider's own error shape: the one answer that stops every client at once and shows the text. */
export function refusalResponse(decision: Decision, dialectId: DialectId): LocalResponse {
  const refusal = refusalOf(decision);
  const dialect = dialectById(dialectId);
  const body = dialect?.refuse(refusal) ?? opaqueErrorBody(refusal);
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
      ...(dialect === undefined ? AWS_ERROR_HEADERS : []),
    ],
    body,
  };
}

/**
 * A call that the policy sends through the gateway must not go another way. As long as no gateway can be reached it
 * is refused, and says so. Shadow mode lets it pass, as it lets everything pass.
 */
export function withoutGateway(decision: Decision, shadow: boolean): Decision {
  if (shadow || (decision.mode !== 'gateway' && decision.mode !== 'passthrough')) return decision;
  const reason: Reason = {
    rule: { kind: 'failure', id: 'no-gateway' },
    action: 'block',
    text: `The policy sends ${decision.service} through the company's gateway, and this agent can't reach one.`,
    message: 'Ask your security team to set this service to direct, or use another service until then.',
    findings: [],
  };
  return {
    ...decision,
    decision: 'block',
    effective: 'block',
    reasons: [...decision.reasons, reason],
    edits: [],
  };
}
