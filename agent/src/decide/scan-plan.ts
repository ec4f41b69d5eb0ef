import type { Policy } from '../../../policies/schema/policy.ts';
import type { Part } from '../core/exchange.ts';
import type { CompiledGuardrail } from './rules.ts';

/** What of one direction has to be searched, and how much that may change. */
export interface ScanPlan {
  /** Detector ids to run; empty: nothing needs to be searched. */
  readonly detectors: readonly string[];
  /** True if some rule looks at parts of this kind. */
  wants(kind: Part['kind'] | 'refusal'): boolean;
  /**
   * `none`: no rule. `observe`: findings are recorded, bytes can pass at once (tap). `enforce`: a finding may change
   * or stop the call, so text must wait for its verdict (gate).
   */
  readonly reach: 'none' | 'observe' | 'enforce';
}

export function compileScanPlans(
  policy: Policy,
  guardrails: readonly CompiledGuardrail[],
): { readonly request: ScanPlan; readonly response: ScanPlan } {
  return {
    request: planFor(
      policy,
      guardrails.filter(({ request }) => request),
      'request',
      'tool-result',
    ),
    response: planFor(
      policy,
      guardrails.filter(({ response }) => response),
      'response',
      'tool-call',
    ),
  };
}

function planFor(
  policy: Policy,
  guardrails: readonly CompiledGuardrail[],
  whole: 'request' | 'response',
  only: 'tool-result' | 'tool-call',
): ScanPlan {
  const everything = guardrails.some(({ rule }) => rule.on.includes(whole));
  const enforces = !policy.rollout.shadow && guardrails.some(({ rule }) => canEnforce(rule));
  return {
    detectors: [...new Set(guardrails.map(({ rule }) => rule.detect))],
    wants: everything ? () => true : (kind) => guardrails.length > 0 && kind === only,
    reach: guardrails.length === 0 ? 'none' : enforces ? 'enforce' : 'observe',
  };
}

const canEnforce = ({ action, onFailure }: CompiledGuardrail['rule']) =>
  action === 'block' || action === 'redact' || onFailure === 'block';
