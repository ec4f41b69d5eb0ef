import { type Action, type Decision, stricter } from '../core/decision.ts';
import type { ExchangeEvent } from '../core/exchange.ts';
import { type AnswerText, type Finding, isRequestDetector, type RequestDetector } from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext, RequestContext } from '../decide/evaluation.ts';
import { openResponse, type ResponseJudge } from '../decide/response.ts';
import { whyOf } from './scan-parts.ts';

type TextEvent = Extract<ExchangeEvent, { type: 'text' }>;

/** Longer answers than this are not gathered for another service; its rules have then failed. */
const MAX_CHARS = 4_000_000;

/** Detectors that are asked about a whole answer (other services): gathers its text, and asks once. */
export class AnswerChecks {
  /** True if some of their rules may stop an answer; one that can be held waits for them. */
  readonly enforces: boolean;
  readonly #judge: ResponseJudge;
  readonly #detectors: ReadonlyMap<string, RequestDetector>;
  readonly #texts = new Map<string, { readonly kind: AnswerText['kind']; text: string }>();
  #chars = 0;

  constructor(
    policy: CompiledPolicy,
    call: CallContext | RequestContext,
    detectors: ReadonlyMap<string, RequestDetector>,
  ) {
    this.#judge = openResponse(policy, call);
    this.#detectors = detectors;
    this.enforces = [...detectors.keys()].some((key) => policy.scan.response.enforces(key));
  }

  add({ channel, kind, text, form }: TextEvent): void {
    if (form !== 'delta') return;
    this.#chars += text.length;
    if (this.#chars > MAX_CHARS) {
      this.#texts.clear();
      return;
    }
    const known = this.#texts.get(channel);
    if (known === undefined) this.#texts.set(channel, { kind, text });
    else known.text += text;
  }

  /** Asks everybody; the strictest of what their rules say. Never rejects. */
  async ask(): Promise<Action> {
    const texts = [...this.#texts].map(([channel, { kind, text }]) => ({ channel, kind, text }));
    const actions = await Promise.all(
      [...this.#detectors].map(([key, one]) => this.#askOne(key, one, texts)),
    );
    return actions.reduce(stricter, 'allow');
  }

  /** `tooLate`: the answer has been passed on; what should have been done to it was not. */
  conclude(decision: Decision, tooLate: boolean): Decision {
    const concluded = this.#judge.conclude(decision);
    if (!tooLate || concluded.effective === decision.effective) return concluded;
    return { ...concluded, effective: stricter(decision.effective, 'warn') };
  }

  async #askOne(key: string, detector: RequestDetector, texts: readonly AnswerText[]): Promise<Action> {
    try {
      if (this.#chars > MAX_CHARS)
        return this.#judge.fail({ detector: key, why: 'has not been shown so long an answer' });
      const matches = (await detector.inspectAnswer?.(texts)) ?? [];
      return matches
        .map((match): Finding => ({ ...match, detector: key, direction: 'response' }))
        .reduce((action, finding) => stricter(action, this.#judge.judge(finding, false)), 'allow' as Action);
    } catch (error) {
      return this.#judge.fail({ detector: key, why: whyOf(error) });
    }
  }
}

/** Undefined if no rule asks for any. `streamed`: those that may stop it are asked by the gate, window by window. */
export function openAnswerChecks(
  policy: CompiledPolicy,
  call: CallContext | RequestContext,
  streamed: boolean,
): AnswerChecks | undefined {
  const detectors = new Map<string, RequestDetector>();
  for (const key of policy.scan.response.detectors) {
    const detector = policy.detectors.byKey[key];
    if (detector === undefined || !isRequestDetector(detector)) continue;
    if (!streamed || !policy.scan.response.enforces(key)) detectors.set(key, detector);
  }
  return detectors.size === 0 ? undefined : new AnswerChecks(policy, call, detectors);
}
