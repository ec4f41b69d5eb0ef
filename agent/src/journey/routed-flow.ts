/** The routed half of a flow: what happens to a call after it has left for the gateway. */
import { headerValue, type RawHeaders } from '../core/connection.ts';
import { isRefusal } from '../core/decision.ts';
import type { RequestVerdict, ResponseVerdict } from '../core/flow.ts';
import type { CallContext } from '../decide/evaluation.ts';
import type { StringEdit } from '../recognise/json/patch.ts';
import type { ExchangeLog } from './exchange-log.ts';
import { isToBeJudged, judgeAnswer } from './gateway-answer.ts';
import { reasonOf, withReason } from './gateway-words.ts';
import type { JourneyPorts } from './ports.ts';
import { refusalResponse } from './refuse.ts';
import type { RoutedCall } from './routed-call.ts';
import { answerId, type Turn } from './turns.ts';

/** Decoded size of an error that is read; a longer one is none of a gateway's. */
export const MAX_ERROR_BYTES = 1024 * 1024;
/** Bifrost and Portkey: a guardrail objected, but lets the call pass. No client knows the status. */
const PASSED_WITH_WARNING = 246;
/** A load balancer with nothing behind it, or a gateway that can't go on. */
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504]);

export interface RoutedFlowInput {
  readonly ports: JourneyPorts;
  readonly call: CallContext;
  readonly log: ExchangeLog;
  readonly routed: RoutedCall;
  readonly turn: Turn | undefined;
  readonly path: string;
  readonly edits: readonly StringEdit[];
  /** The call as it goes to its provider, should the policy want that. */
  direct(): RequestVerdict;
}

export class RoutedFlow {
  readonly #input: RoutedFlowInput;
  #judging: { readonly status: number; readonly headers: RawHeaders } | undefined;
  #left = false;
  warned = false;

  constructor(input: RoutedFlowInput) {
    this.#input = input;
    const { ports, log, routed, call } = input;
    log.key = routed.key?.name;
    log.onAnswer = (event) => {
      if (event.type === 'error') this.#failedInStream(event.message);
      else if (event.responseId !== undefined) {
        ports.turns?.took(answerId(event.responseId), { mode: routed.mode, key: routed.key }, call.nowMs);
      }
    };
  }

  /** Nothing has come back, and the body is still there. */
  sendFailed(cause: string): RequestVerdict | undefined {
    const { routed, log, path, edits, call, direct } = this.#input;
    if (this.#left) return undefined;
    const { decision, verdict } = routed.sendAgain(cause, log.decision, path, edits);
    log.decision = decision;
    if (verdict !== undefined) return verdict;
    this.#left = true;
    if (isRefusal(decision.effective))
      return { type: 'refuse', response: refusalResponse(decision, call.location.dialect) };
    log.key = undefined;
    return decision.mode === 'tunnel' ? { type: 'forward' } : direct();
  }

  /** The answer's content type in truth; undefined: it is as it stands there. */
  answerType(status: number, headers: RawHeaders): string | undefined {
    const { answerType } = this.#input.routed;
    if (this.#left || answerType === undefined) return undefined;
    const said = headerValue(headers, 'content-type') ?? 'text/plain';
    // An error that answers a call for a stream is none.
    const wrong = status < 300 ? /^text\/plain/i : /^text\/(plain|event-stream)/i;
    return wrong.test(said) ? answerType : undefined;
  }

  /** True if the answer is to be held and judged: it isn't the model's. */
  judges(status: number, headers: RawHeaders): boolean {
    if (this.#left) return false;
    const { hop, gateway, key } = this.#input.routed;
    if (hop !== undefined) {
      // A gateway that speaks JSON is there: it is a provider behind it that isn't.
      const absent = UNAVAILABLE.has(status) && !/json/i.test(headerValue(headers, 'content-type') ?? '');
      if (absent) gateway.failed(hop, `status-${status}`);
      else gateway.answered(hop);
    }
    this.warned = status === PASSED_WITH_WARNING;
    if (!isToBeJudged(status, headers)) {
      if (key !== undefined) gateway.accepted(key);
      return false;
    }
    this.#judging = { status, headers };
    return true;
  }

  /** Undefined: the answer is the model's own. */
  judge(body: Uint8Array): ResponseVerdict | undefined {
    const answer = this.#judging;
    const { routed, log, call, ports } = this.#input;
    const { gateway, mode, key } = routed;
    if (answer === undefined || key === undefined) return undefined;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    const { dialect } = call.location;
    const input = { gateway, mode, key, decision: log.decision, dialect, ...answer, body: text };
    const { decision, verdict, refusal } = judgeAnswer(input);
    log.decision = decision;
    if (refusal !== undefined) {
      gateway.refused(key, refusal);
      if (refusal.kind === 'unknown-key' || refusal.kind === 'inactive-key')
        ports.turns?.forgetKey(key.secret);
    }
    return verdict;
  }

  /** `body`: of an unstreamed answer, where the gateway says what it objected to. */
  tellWarning(body?: Uint8Array): void {
    const { routed, log } = this.#input;
    const { gateway } = routed;
    const what =
      body === undefined ? undefined : gateway.driver.readWarning?.(Buffer.from(body).toString('utf8'));
    const text = `${gateway.name} let the call pass with a warning${what === undefined ? '.' : `: ${what}.`}`;
    log.decision = withReason(log.decision, reasonOf('warn', 'gateway-warning', text));
  }

  /** The client has seen it; the record should tell too. */
  #failedInStream(message: string): void {
    const { log, routed } = this.#input;
    const words = message.replace(/\s+/g, ' ').slice(0, 200);
    const text = `${routed.gateway.name} ended the answer with an error: ${words}`;
    log.decision = withReason(log.decision, reasonOf('allow', 'gateway-error', text));
  }
}
