import { type Decision, type Reason, stricter, strictestOf } from '../core/decision.ts';
import type { CompiledPolicy } from './compile.ts';
import { Evaluation, type RequestContext } from './evaluation.ts';
import type { CompiledRules, CompiledSpendRule } from './rules.ts';

/** The budgets and limits that a call counts against. */
export interface SpendRules {
  readonly budgets: CompiledRules['budgets'];
  readonly limits: CompiledRules['limits'];
  /** Of conditions that could not be evaluated: such a rule counts the call, since it restricts. */
  readonly reasons: readonly Reason[];
}

const NONE: SpendRules = { budgets: [], limits: [], reasons: [] };

export function spendRulesFor(compiled: CompiledPolicy, request: RequestContext): SpendRules {
  const { budgets, limits } = compiled.rules;
  if (budgets.length === 0 && limits.length === 0) return NONE;
  const evaluation = new Evaluation(compiled, request, request);
  const { model } = request.exchange;
  const concerns =
    (kind: 'budget' | 'limit') =>
    ({ id, matches, when }: CompiledSpendRule<unknown>): boolean =>
      (matches === undefined || (model !== undefined && matches(model))) &&
      evaluation.holds({ kind, id }, when, true);
  return {
    budgets: budgets.filter(concerns('budget')),
    limits: limits.filter(concerns('limit')),
    reasons: evaluation.reasons,
  };
}

/** A decision with what came after it: budgets, limits, and what an answer ran into. */
export function joinReasons(decision: Decision, added: readonly Reason[], shadow: boolean): Decision {
  if (added.length === 0) return decision;
  const before = decision.reasons.filter(({ rule }) => rule.kind !== 'default' || rule.id !== 'default');
  const effective = shadow ? 'allow' : stricter(decision.effective, strictestOf(added, 'inForce'));
  return {
    ...decision,
    decision: stricter(decision.decision, strictestOf(added, 'all')),
    effective,
    reasons: [...before, ...added],
  };
}
