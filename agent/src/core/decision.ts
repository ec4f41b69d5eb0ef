import type { Finding } from './finding.ts';

/** Strictest last: when several rules apply, the strictest wins. */
export const ACTIONS = ['allow', 'warn', 'redact', 'justify', 'block'] as const;
export type Action = (typeof ACTIONS)[number];

export const stricter = (a: Action, b: Action): Action => (ACTIONS.indexOf(a) >= ACTIONS.indexOf(b) ? a : b);

/** True if a call with this verdict doesn't go on: `justify` refuses until somebody gives a reason. */
export const isRefusal = (action: Action): boolean => action === 'block' || action === 'justify';

export type Mode = 'gateway' | 'passthrough' | 'direct' | 'tunnel' | 'block';

/** One rule's part in a decision, in words that a person can read. */
export interface Reason {
  readonly rule: {
    readonly kind:
      | 'service'
      | 'model'
      | 'guardrail'
      | 'budget'
      | 'limit'
      | 'app'
      | 'gateway'
      | 'failure'
      | 'default';
    readonly id: string;
  };
  readonly action: Action;
  /** One sentence: what this rule saw and what it did about it. Never holds matched text. */
  readonly text: string;
  /** The security team's own message, if the rule has one. */
  readonly message: string | undefined;
  readonly findings: readonly Finding[];
  /** The rule is on trial: it counts in `decision`, not in `effective`. */
  readonly shadow?: true;
}

/** What reasons amount to; with `inForce`, those of rules on trial don't count. */
export function strictestOf(reasons: readonly Reason[], which: 'all' | 'inForce'): Action {
  let action: Action = 'allow';
  for (const reason of reasons) {
    if (which === 'all' || reason.shadow === undefined) action = stricter(action, reason.action);
  }
  return action;
}

export interface PolicyIdentity {
  readonly name: string;
  /** Content hash of the policy document, short enough to read out. */
  readonly revision: string;
}

/** Replace text[start, end) of the string at `place` by `replacement`. */
export interface Edit {
  readonly place: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The verdict on one exchange, with its reasons. */
export interface Decision {
  readonly id: string;
  /** What the policy says. */
  readonly decision: Action;
  /** What was done; differs from `decision` in shadow mode. */
  readonly effective: Action;
  readonly mode: Mode;
  readonly service: string;
  readonly app: AppIdentity;
  readonly model: string | undefined;
  readonly operation: string;
  readonly reasons: readonly Reason[];
  /** Non-empty only if `effective` is `redact`. */
  readonly edits: readonly Edit[];
  readonly policy: PolicyIdentity;
}

/** The program that opened the connection, and how we know. */
export interface AppIdentity {
  /** Catalogue id (`claude-code`), or `unknown`. */
  readonly id: string;
  readonly name: string;
  /** `process`: by the program's file, whatever its requests say. `header`: they say so, which any program can. */
  readonly identifiedBy: 'process' | 'header' | 'none';
  /** The program behind the connection, where the platform could tell; names without paths, which name people. */
  readonly process?: { readonly pid: number; readonly name: string; readonly script?: string | undefined };
}

/** What a refused caller is told, before a dialect puts it into its provider's error shape. */
export interface Refusal {
  readonly decisionId: string;
  /** The whole text for the person: rule, what and where, what to do, decision id. */
  readonly message: string;
  /** Machine-readable cause: `postern_guardrail`, `postern_model`, `postern_service`, `postern_app`, `postern_budget`, `postern_limit`, `postern_failure`. */
  readonly code: string;
}
