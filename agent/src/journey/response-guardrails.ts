import type { Detector, Finding } from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { type CallContext, Evaluation, type RequestContext } from '../decide/evaluation.ts';
import { isMet } from '../decide/guardrails.ts';
import type { CompiledGuardrail } from '../decide/rules.ts';
import type { ResponseGuardrail } from '../enforce/guardrail.ts';

/** The policy's guardrails for one answer, as the gate wants them. In shadow mode they only look. */
export function responseGuardrails(
  policy: CompiledPolicy,
  call: CallContext | RequestContext,
  detectors: Readonly<Record<string, Detector>>,
): readonly ResponseGuardrail[] {
  const { shadow } = policy.policy.rollout;
  const evaluation = new Evaluation(policy, call, 'exchange' in call ? call : undefined);
  return policy.rules.guardrails
    .filter(({ response }) => response)
    .map((guardrail) => toGate(guardrail, evaluation, detectors, shadow));
}

function toGate(
  guardrail: CompiledGuardrail,
  evaluation: Evaluation,
  detectors: Readonly<Record<string, Detector>>,
  shadow: boolean,
): ResponseGuardrail {
  const { id, rule } = guardrail;
  const whole = rule.on.includes('response');
  const { action } = rule;
  return {
    id,
    // What is allowed is still looked at: it belongs into the record.
    action: shadow || action === 'allow' ? 'warn' : action,
    detector: detectors[rule.detect] ?? missingDetector(rule.detect),
    onFailure: shadow ? 'warn' : rule.onFailure,
    covers: ({ kind }) => whole || kind === 'tool-call',
    accepts(match) {
      const finding: Finding = {
        ...match,
        detector: rule.detect,
        direction: 'response',
        place: '',
        partKind: whole ? 'text' : 'tool-call',
        role: 'assistant',
      };
      return guardrail.accepts(finding) && isMet(evaluation, guardrail, [finding]);
    },
  };
}

/** A policy may name a detector of a newer agent: it fails when used, and the rule's `onFailure` decides. */
function missingDetector(id: string): Detector {
  const fail = (): never => {
    throw new Error(`detector ${id} is not part of this agent`);
  };
  return { id, scan: fail, openStream: fail };
}
