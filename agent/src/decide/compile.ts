/**
 * Decides: policy, catalogue, request and findings in, a verdict with its reasons out. Pure: it reads no clock and
 * touches no socket, so the same code replays yesterday's traffic against tomorrow's policy. All that can be worked
 * out once per policy is worked out here; `decide.ts` does what is left per call.
 */
import type { Catalogue } from '../../../policies/schema/catalogue.ts';
import type { Policy } from '../../../policies/schema/policy.ts';
import type { Fault } from '../../../policies/schema/problem.ts';
import type { PolicyIdentity } from '../core/decision.ts';
import type { DetectorSet } from '../core/finding.ts';
import { asksForApp } from './asks-for-app.ts';
import { isLeftOut } from './canary.ts';
import type { CompileCondition } from './condition/compile.ts';
import { type AppIdentification, compileAppIdentification } from './identify-app.ts';
import { compileLocator, type Locator } from './location.ts';
import { type CompiledRules, compileRules } from './rules.ts';
import { compileScanPlans, type ScanPlan } from './scan-plan.ts';

export interface CompiledPolicy extends Locator, AppIdentification {
  readonly policy: Policy;
  readonly identity: PolicyIdentity;
  readonly rules: CompiledRules;
  readonly detectors: DetectorSet;
  /** True if this device decides and records, but enforces nothing. */
  readonly shadow: boolean;
  /** True if something in it depends on which app is calling. */
  readonly asksForApp: boolean;
  /** `cli`, `ide`, `desktop`, `browser`, `sdk`, by app id. */
  readonly appKinds: ReadonlyMap<string, string>;
  /** What a person calls it, by service id. */
  readonly serviceNames: ReadonlyMap<string, string>;
  /** What has to be searched at all. */
  readonly scan: { readonly request: ScanPlan; readonly response: ScanPlan };
}

export type CompileResult =
  | { readonly ok: true; readonly compiled: CompiledPolicy }
  /** Conditions that can't work; `source.place(faults)` of the parsed policy gives them lines and columns. */
  | { readonly ok: false; readonly faults: readonly Fault[] };

export function compilePolicy(input: {
  readonly policy: Policy;
  readonly revision: string;
  readonly catalogue: Catalogue;
  readonly detectors: DetectorSet;
  readonly compileCondition: CompileCondition;
  /**
   * Outside the policy's canary it only tries the policy. Undefined for a release: devices outside don't get it in the
   * first place (decision 0179).
   */
  readonly device: string | undefined;
}): CompileResult {
  const { policy, revision, catalogue, detectors, compileCondition } = input;
  const faults: Fault[] = [];
  const rules = compileRules(policy, detectors, compileCondition, faults);
  if (faults.length > 0) return { ok: false, faults };
  const { device } = input;
  const shadow = policy.rollout.shadow || (device !== undefined && isLeftOut(policy, device));
  return {
    ok: true,
    compiled: {
      policy,
      identity: { name: policy.name, revision },
      rules,
      detectors,
      shadow,
      ...compileAppIdentification(catalogue),
      asksForApp: asksForApp(policy),
      appKinds: new Map(catalogue.apps.map(({ id, kind }) => [id, kind])),
      serviceNames: new Map(catalogue.services.map(({ id, name }) => [id, name])),
      scan: compileScanPlans(shadow, rules.guardrails),
      ...compileLocator(catalogue, rules.services),
    },
  };
}
