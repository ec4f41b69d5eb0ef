import type { BudgetRule } from '../../../policies/schema/budgets.ts';
import type { LimitRule } from '../../../policies/schema/limits.ts';
import { type Decision, type Reason, stricter, strictestOf } from '../core/decision.ts';
import type { CompiledPolicy } from './compile.ts';
import { Evaluation, type RequestContext, type RuleAccount } from './evaluation.ts';
import type { CompiledRules, CompiledSpendRule } from './rules.ts';

/** The budgets and limits that a call counts against. */
export interface SpendRules {
  readonly budgets: CompiledRules['budgets'];
  readonly limits: CompiledRules['limits'];
  /** Of conditions that could not be evaluated: such a rule counts the call, since it restricts. */
  readonly reasons: readonly Reason[];
}

const NONE: SpendRules = { budgets: [], limits: [], reasons: [] };

export function spendRulesFor(
  compiled: CompiledPolicy,
  request: RequestContext,
  accounts?: RuleAccount[],
): SpendRules {
  const { budgets, limits } = compiled.rules;
  if (budgets.length === 0 && limits.length === 0) return NONE;
  const evaluation = new Evaluation(compiled, request, request, accounts);
  const { model } = request.exchange;
  const concerns =
    (kind: 'budget' | 'limit') =>
    ({ id, rule, matches, when }: CompiledSpendRule<BudgetRule | LimitRule>): boolean => {
      const name = { kind, id } as const;
      if (matches !== undefined && (model === undefined || !matches(model))) {
        evaluation.account(name, 'not-matched', 'allow', "It isn't about this model.");
        return false;
      }
      if (!evaluation.holds(name, when, true)) return false;
      if (accounts !== undefined) evaluation.account(name, 'applied', 'allow', termsText(rule));
      return true;
    };
  return {
    budgets: budgets.filter(concerns('budget')),
    limits: limits.filter(concerns('limit')),
    reasons: evaluation.reasons,
  };
}

/** What a rule allows, for `postern explain`; how much of it is left only the ledger knows. */
function termsText(rule: BudgetRule | LimitRule): string {
  const allows =
    'window' in rule
      ? [
          ...(rule.limitUsd === undefined ? [] : [`$${rule.limitUsd}`]),
          ...(rule.limitTokens === undefined ? [] : [`${rule.limitTokens} tokens`]),
        ].map((text) => `${text} in ${rule.window}`)
      : [
          ...(rule.requestsPerMinute === undefined ? [] : [`${rule.requestsPerMinute} calls per minute`]),
          ...(rule.tokensPerMinute === undefined ? [] : [`${rule.tokensPerMinute} tokens per minute`]),
          ...(rule.concurrentStreams === undefined ? [] : [`${rule.concurrentStreams} calls at once`]),
        ];
  return `This call counts: ${allows.join(', ')} for each ${rule.scope}, then ${rule.action}.`;
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
