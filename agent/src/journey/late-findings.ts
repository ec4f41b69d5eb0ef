import { type Decision, stricter, strictestOf } from '../core/decision.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { decideRequest } from '../decide/decide.ts';
import type { RequestContext } from '../decide/evaluation.ts';
import type { ExchangeLog } from './exchange-log.ts';
import type { Scanned } from './scan-parts.ts';

/**
 * The decision on a call that has gone its way, joined by what another service found in the meantime. Only rules that
 * stop and change nothing are asked beside the call, so that nothing of it could have been otherwise.
 */
function joinLate(
  policy: CompiledPolicy,
  request: RequestContext,
  late: Scanned,
  decision: Decision,
): Decision {
  const judged = decideRequest(policy, { ...request, findings: late.findings, failures: late.failures });
  const asked = new Set(
    policy.rules.guardrails
      .filter(({ request: looks, detectorKey }) => looks && !policy.scan.request.enforces(detectorKey))
      .map(({ id }) => id),
  );
  const added = judged.reasons.filter(
    ({ rule }) => (rule.kind === 'guardrail' || rule.kind === 'failure') && asked.has(rule.id),
  );
  return withReasons(decision, added, policy.shadow);
}

/** Joins what comes late to the record; undefined if nothing does. */
export function lateReport(
  policy: CompiledPolicy,
  request: RequestContext,
  { late, findings }: Scanned,
  log: ExchangeLog,
): Promise<void> | undefined {
  return late?.then((more) => {
    log.searched(policy.scan.request.detectors, [...findings, ...more.findings]);
    log.decision = joinLate(policy, request, more, log.decision);
  });
}

function withReasons(decision: Decision, added: Decision['reasons'], shadow: boolean): Decision {
  if (added.length === 0) return decision;
  const before = decision.reasons.filter(({ rule }) => rule.kind !== 'default' || rule.id !== 'default');
  return {
    ...decision,
    decision: stricter(decision.decision, strictestOf(added, 'all')),
    effective: shadow ? decision.effective : stricter(decision.effective, strictestOf(added, 'inForce')),
    reasons: [...before, ...added],
  };
}
