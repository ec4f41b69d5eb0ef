import { type Decision, stricter } from '../core/decision.ts';
import type { ExchangeEvent } from '../core/exchange.ts';
import { type AnswerText, isRequestDetector, type RequestDetector } from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext, RequestContext } from '../decide/evaluation.ts';
import { openResponse, type ResponseJudge } from '../decide/response.ts';
import { whyOf } from './scan-parts.ts';

type TextEvent = Extract<ExchangeEvent, { type: 'text' }>;

/** Longer answers than this are not gathered for another service; its rules have then failed. */
const MAX_CHARS = 4_000_000;

/**
 * Other services whose rules only look: gathers an answer's text, and asks once, beside it. Those that may stop or change
 * it are asked by the gate.
 */
export class AnswerChecks {
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

  /** Asks everybody. Never rejects. */
  async ask(): Promise<void> {
    const texts = [...this.#texts].map(([channel, { kind, text }]) => ({ channel, kind, text }));
    await Promise.all([...this.#detectors].map(([key, one]) => this.#askOne(key, one, texts)));
  }

  /** The answer has been passed on: what should have been done to it was not. */
  conclude(decision: Decision): Decision {
    const concluded = this.#judge.conclude(decision);
    if (concluded.effective === decision.effective) return concluded;
    return { ...concluded, effective: stricter(decision.effective, 'warn') };
  }

  async #askOne(key: string, detector: RequestDetector, texts: readonly AnswerText[]): Promise<void> {
    try {
      if (this.#chars > MAX_CHARS) {
        this.#judge.fail({ detector: key, why: 'has not been shown so long an answer' });
        return;
      }
      const matches = (await detector.inspectAnswer?.(texts)) ?? [];
      for (const match of matches)
        this.#judge.judge({ ...match, detector: key, direction: 'response' }, false);
    } catch (error) {
      this.#judge.fail({ detector: key, why: whyOf(error) });
    }
  }
}

/** Undefined if no rule asks for any. */
export function openAnswerChecks(
  policy: CompiledPolicy,
  call: CallContext | RequestContext,
): AnswerChecks | undefined {
  const detectors = new Map<string, RequestDetector>();
  for (const key of policy.scan.response.detectors) {
    const detector = policy.detectors.byKey[key];
    if (detector === undefined || !isRequestDetector(detector)) continue;
    if (!policy.scan.response.enforces(key)) detectors.set(key, detector);
  }
  return detectors.size === 0 ? undefined : new AnswerChecks(policy, call, detectors);
}
