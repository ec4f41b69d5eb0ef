import type { Action, AppIdentity, Decision, Mode, Reason } from '../core/decision.ts';
import { strictestOf } from '../core/decision.ts';
import type { PolicyException } from '../core/exception.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';
import type { Vault } from '../core/placeholder.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Bindings } from './condition/bindings.ts';
import type { Condition, ConditionResult } from './condition/compile.ts';
import type { Location } from './location.ts';

/** Who calls what; known from the request head. */
export interface CallContext {
  /** Becomes the decision's id. */
  readonly id: string;
  readonly nowMs: number;
  readonly user: string;
  readonly device: string;
  readonly app: AppIdentity;
  readonly location: Location;
  /** Name of the virtual key that the call is made with, where it goes through the gateway. */
  readonly key?: string;
  /** The body is JSON, a form or text: it can be searched even if no dialect knows what it means. */
  readonly readableAsText?: boolean;
  /** Gives out reversible placeholders; without it everything is masked for good. */
  readonly vault?: Vault;
  /** A reason that was given for calls of this app that the rule would stop, if one is in force. */
  readonly exceptionFor?: (ruleId: string) => PolicyException | undefined;
}

/** A call whose body has been read and searched. */
export interface RequestContext extends CallContext {
  readonly exchange: ExchangeRequest;
  /** Decoded size of the body. */
  readonly bytes: number;
  /** Absent: about a quarter of the characters, worked out if a condition asks. */
  readonly tokensEstimate?: number;
  readonly findings: readonly Finding[];
  readonly failures: readonly DetectorFailure[];
  /** Its content-encoding is unknown or wrong, so that only the bytes as they came could be searched. */
  readonly undecodable?: boolean;
}

export interface DetectorFailure {
  readonly detector: string;
  /** In words: `timed out`, `threw RangeError`. */
  readonly why: string;
}

/** One rule's outcome, for `postern explain`. Rules that can't concern the call are told too. */
export interface RuleAccount {
  readonly kind: Reason['rule']['kind'];
  readonly id: string;
  /** `skipped`: an earlier rule had already decided, or the rule is about something else. */
  readonly outcome: 'applied' | 'not-matched' | 'skipped' | 'failed';
  readonly action: Action;
  readonly text: string;
}

/** One call's way through the rules. Collects reasons; keeps the variables of conditions for all rules. */
export class Evaluation {
  readonly compiled: CompiledPolicy;
  readonly call: CallContext;
  readonly request: RequestContext | undefined;
  readonly reasons: Reason[] = [];
  /** Only when somebody asks why: the hot path makes no sentences for rules that don't apply. */
  readonly accounts: RuleAccount[] | undefined;
  #bindings: Bindings | undefined;

  constructor(
    compiled: CompiledPolicy,
    call: CallContext,
    request: RequestContext | undefined,
    accounts?: RuleAccount[],
  ) {
    this.compiled = compiled;
    this.call = call;
    this.request = request;
    this.accounts = accounts;
  }

  get operation(): string {
    return this.request?.exchange.operation ?? this.call.location.operation;
  }

  test(condition: Condition, findings = this.request?.findings ?? []): ConditionResult {
    this.#bindings ??= this.#bind(condition, findings);
    this.#bindings.setFindings(findings);
    return condition.evaluate(this.#bindings);
  }

  /**
   * True if a rule's condition is met, or it has none. One that can't be evaluated is reported and counts as
   * `ifBroken`: as met where the rule restricts, as unmet where it loosens.
   */
  holds(rule: Reason['rule'], when: Condition | undefined, ifBroken: boolean): boolean {
    if (when === undefined) return true;
    const result = this.test(when);
    if (result.ok) {
      if (!result.value)
        this.account(rule, 'not-matched', 'allow', `Its condition isn't met: ${when.source}`);
      return result.value;
    }
    const then = ifBroken ? 'applies' : 'is passed over';
    const text = `The condition of ${rule.id} can't be evaluated (${result.error}), so the rule ${then}.`;
    this.add({
      rule: { kind: 'failure', id: rule.id },
      action: 'warn',
      text,
      message: undefined,
      findings: [],
    });
    this.account(rule, 'failed', 'warn', text);
    return ifBroken;
  }

  add(reason: Reason): void {
    this.reasons.push(reason);
  }

  account(rule: Reason['rule'], outcome: RuleAccount['outcome'], action: Action, text: string): void {
    this.accounts?.push({ kind: rule.kind, id: rule.id, outcome, action, text });
  }

  /** What will be done, as far as the reasons go. */
  effective(): Action {
    return this.compiled.shadow ? 'allow' : strictestOf(this.reasons, 'inForce');
  }

  decision(mode: Mode, edits: Decision['edits'] = []): Decision {
    const { compiled, call, request } = this;
    const { shadow } = compiled;
    const effective = this.effective();
    return {
      id: call.id,
      decision: strictestOf(this.reasons, 'all'),
      effective,
      mode: shadow && mode === 'block' ? unblocked(call.location) : mode,
      service: call.location.service.id,
      app: call.app,
      model: request?.exchange.model,
      operation: this.operation,
      reasons: this.reasons.length === 0 ? [NOTHING_OBJECTED] : this.reasons,
      edits: effective === 'redact' ? edits : [],
      policy: compiled.identity,
    };
  }

  #bind(condition: Condition, findings: readonly Finding[]): Bindings {
    const { compiled, call, request } = this;
    return condition.bind(
      {
        user: call.user,
        device: call.device,
        app: call.app,
        appKind: compiled.appKinds.get(call.app.id),
        service: call.location.service,
        host: call.location.host,
        operation: this.operation,
        nowMs: call.nowMs,
        exchange: request?.exchange,
        bytes: request?.bytes ?? 0,
        tokensEstimate: request?.tokensEstimate,
      },
      findings,
    );
  }
}

/** Shadow mode lets a blocked service pass; it then goes where it would go without the policy. */
function unblocked({ service }: Location): Mode {
  return service.defaultMode === 'block' || service.defaultMode === 'tunnel' ? 'direct' : service.defaultMode;
}

const NOTHING_OBJECTED: Reason = {
  rule: { kind: 'default', id: 'default' },
  action: 'allow',
  text: 'No rule objected.',
  message: undefined,
  findings: [],
};
