import { type Action, type Decision, type Reason, stricter, strictestOf } from '../core/decision.ts';
import type { Finding } from '../core/finding.ts';
import type { CompiledPolicy } from './compile.ts';
import { type CallContext, type DetectorFailure, Evaluation, type RequestContext } from './evaluation.ts';
import { applyFailures, isMet, onTrial } from './guardrails.ts';
import type { CompiledGuardrail } from './rules.ts';
import { describeFindings } from './words.ts';

/** Judges one answer while it streams. */
export interface ResponseJudge {
  /** What to do about a finding. `editable`: whether its text can be replaced; if not, `redact` becomes `block`. */
  judge(finding: Finding, editable: boolean): Action;
  /** What to do about a detector that failed. */
  fail(failure: DetectorFailure): Action;
  /** The request's decision, joined by what the answer added. Edits stay those of the request. */
  conclude(requestDecision: Decision): Decision;
}

/** Actions returned are the effective ones: in shadow mode always `allow`. */
export function openResponse(compiled: CompiledPolicy, call: CallContext | RequestContext): ResponseJudge {
  const request = 'exchange' in call ? call : undefined;
  const evaluation = new Evaluation(compiled, call, request);
  const guardrails = compiled.rules.guardrails.filter(({ response }) => response);
  const verdicts = new Map<CompiledGuardrail, Verdict>();
  /** Reasons given so far: an answer is concluded for its refusal, and again at its end. */
  const given = new Set<Reason>();
  const { shadow } = compiled;
  const effective = (action: Action): Action => (shadow ? 'allow' : action);

  return {
    judge(finding, editable) {
      const seen = evaluation.reasons.length;
      let strictest: Action = 'allow';
      for (const guardrail of guardrails) {
        if (!guardrail.accepts(finding) || !isMet(evaluation, guardrail, [finding])) continue;
        const { action: wanted } = guardrail.rule;
        const action = wanted === 'redact' && !editable ? 'block' : wanted;
        if (!guardrail.rule.shadow) strictest = stricter(strictest, action);
        note(verdicts, guardrail, action, finding);
      }
      return effective(addedSince(evaluation, seen, strictest));
    },
    fail(failure) {
      const seen = evaluation.reasons.length;
      for (const guardrail of guardrails) applyFailures(evaluation, guardrail, [failure]);
      return effective(addedSince(evaluation, seen, 'allow'));
    },
    conclude: (requestDecision) => conclude(requestDecision, evaluation, verdicts, shadow, given),
  };
}

interface Verdict {
  action: Action;
  readonly findings: Finding[];
}

function note(
  verdicts: Map<CompiledGuardrail, Verdict>,
  guardrail: CompiledGuardrail,
  action: Action,
  finding: Finding,
): void {
  const verdict = verdicts.get(guardrail);
  if (verdict === undefined) verdicts.set(guardrail, { action, findings: [finding] });
  else {
    verdict.action = stricter(verdict.action, action);
    verdict.findings.push(finding);
  }
}

/** Failures (of conditions, of detectors) leave reasons; they count like findings. */
function addedSince(evaluation: Evaluation, seen: number, start: Action): Action {
  return stricter(start, strictestOf(evaluation.reasons.slice(seen), 'inForce'));
}

const VERBS: Readonly<Record<Action, string>> = {
  allow: 'noted',
  warn: 'noticed',
  redact: 'removed',
  justify: 'found',
  block: 'found',
};

function conclude(
  requestDecision: Decision,
  evaluation: Evaluation,
  verdicts: ReadonlyMap<CompiledGuardrail, Verdict>,
  shadow: boolean,
  given: Set<Reason>,
): Decision {
  const added = [...evaluation.reasons];
  for (const [{ id, rule }, { action, findings }] of verdicts) {
    const text = `The rule "${id}" ${VERBS[action]} ${describeFindings(findings, () => undefined)}.`;
    added.push({
      rule: { kind: 'guardrail', id },
      action,
      text,
      message: rule.message,
      findings,
      ...onTrial(rule),
    });
  }
  if (added.length === 0) return requestDecision;
  const before = requestDecision.reasons.filter(
    (reason) => !given.has(reason) && (reason.rule.kind !== 'default' || reason.rule.id !== 'default'),
  );
  for (const reason of added) given.add(reason);
  return {
    ...requestDecision,
    decision: stricter(requestDecision.decision, strictestOf(added, 'all')),
    effective: shadow ? 'allow' : stricter(requestDecision.effective, strictestOf(added, 'inForce')),
    reasons: [...before, ...added],
  };
}
