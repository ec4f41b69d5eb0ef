import type { GuardrailRule } from '../../../policies/schema/policy.ts';
import type { Fault } from '../../../policies/schema/problem.ts';
import type { AnyDetector } from '../core/finding.ts';
import type { RemoteCheck } from '../core/remote.ts';

/** What a detector may ask for while it is made. */
export interface BuildContext {
  /** Text of a file that the rule names, relative to the policy document. */
  readFile(name: string): FileText;
  /** Another service that a rule has its texts checked by; absent where nothing may be sent. */
  remote?(rule: Extract<GuardrailRule, { detect: 'remote' }>): RemoteCheck;
}

export type FileText =
  | { readonly ok: true; readonly text: string }
  /** Why it can't be had, in one sentence. */
  | { readonly ok: false; readonly message: string };

export type DetectorBuild =
  | {
      readonly ok: true;
      /** Rules with equal keys share one detector: `secrets`, or `pattern:codenames` where it is the rule's own. */
      readonly key: string;
      make(): AnyDetector;
      /** Allowed, but worth a look: an expression that is slow, a part of a file that has no effect. Paths as in faults. */
      readonly warnings?: readonly Fault[];
    }
  /** Paths are relative to the guardrail: `['patterns', 2]`. */
  | { readonly ok: false; readonly faults: readonly Fault[] };
