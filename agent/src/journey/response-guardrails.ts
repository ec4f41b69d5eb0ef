import { type AnyDetector, type Finding, isRequestDetector } from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { type CallContext, Evaluation, type RequestContext } from '../decide/evaluation.ts';
import { isMet } from '../decide/guardrails.ts';
import type { CompiledGuardrail } from '../decide/rules.ts';
import type { ResponseGuardrail } from '../enforce/guardrail.ts';
import { restoreGuardrail } from '../enforce/restore.ts';

/**
 * The policy's guardrails for one answer, as the gate wants them. In shadow mode they only look. Other services are
 * asked by the gate only where they may stop or change the answer; otherwise see `AnswerChecks`.
 */
export function responseGuardrails(
  policy: CompiledPolicy,
  call: CallContext | RequestContext,
): readonly ResponseGuardrail[] {
  const evaluation = new Evaluation(policy, call, 'exchange' in call ? call : undefined);
  return policy.rules.guardrails
    .filter(
      ({ response, detectorKey }) =>
        response && (policy.scan.response.enforces(detectorKey) || !isAskedAbout(policy, detectorKey)),
    )
    .map((guardrail) => toGate(guardrail, evaluation));
}

/** Puts hidden values back, if there may be any. */
export function restoring({ vault, location }: CallContext): readonly ResponseGuardrail[] {
  const service = location.service.id;
  return vault?.knows(service) ? [restoreGuardrail(vault, service)] : [];
}

/** Other services. */
function isAskedAbout({ detectors }: CompiledPolicy, key: string): boolean {
  const detector = detectors.byKey[key];
  return detector !== undefined && isRequestDetector(detector) && detector.inspectAnswer !== undefined;
}

function toGate(guardrail: CompiledGuardrail, evaluation: Evaluation): ResponseGuardrail {
  const { id, rule, detectorKey } = guardrail;
  const { compiled } = evaluation;
  const shadow = compiled.shadow || rule.shadow;
  const whole = rule.on.includes('response');
  // Only requests can be justified; the policy's check says so.
  const action = rule.action === 'justify' ? 'block' : rule.action;
  return {
    id,
    // What is allowed is still looked at: it belongs into the record.
    action: shadow || action === 'allow' ? 'warn' : action,
    detector: textDetector(compiled, detectorKey),
    onFailure: shadow ? 'warn' : rule.onFailure,
    covers: ({ kind }) => whole || kind === 'tool-call',
    accepts(match) {
      const finding: Finding = {
        ...match,
        detector: detectorKey,
        direction: 'response',
        place: '',
        partKind: whole ? 'text' : 'tool-call',
        role: 'assistant',
      };
      return guardrail.accepts(finding) && isMet(evaluation, guardrail, [finding]);
    },
  };
}

/** One that can't search text fails when used, and the rule's `onFailure` decides. */
function textDetector({ detectors }: CompiledPolicy, id: string): AnyDetector {
  const detector = detectors.byKey[id];
  if (detector !== undefined && (!isRequestDetector(detector) || detector.inspectAnswer !== undefined))
    return detector;
  const fail = (): never => {
    throw new Error(`detector ${id} can't search answers`);
  };
  return { id, scan: fail, openStream: fail };
}
