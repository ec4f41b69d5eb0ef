import type { ExchangeEvent } from '../core/exchange.ts';
import type { AnswerText, AnyDetector, Finding, Match, RequestDetector } from '../core/finding.ts';
import type { AskedText } from './asked-text.ts';

export type TextEvent = Extract<ExchangeEvent, { type: 'text' }>;

/** A guardrail as far as it concerns one response: its `when` has been answered, its matches are asked for here. */
export interface ResponseGuardrail {
  readonly id: string;
  /** What is really done; in shadow mode the caller passes `warn`. */
  readonly action: 'warn' | 'redact' | 'block' | 'restore';
  /** One that looks at requests is another service: it is asked about stretches of the answer (`GateObserver.ask`). */
  readonly detector: AnyDetector;
  /** When the detector throws. */
  readonly onFailure: 'allow' | 'warn' | 'block';
  /** True if the guardrail looks at this kind of text (`on: [response, tool-call]`). Asked once per channel. */
  covers(event: TextEvent): boolean;
  /** True if the match is of a kind, confidence and severity that the guardrail asks for. */
  accepts(match: Match): boolean;
  /** Of `restore`: what takes the match's place; undefined leaves it as it is. */
  replacementFor?(match: Match, event: TextEvent): string | undefined;
}

/** Why a response was cut. */
export type CutCause =
  | { readonly type: 'finding'; readonly guardrail: ResponseGuardrail; readonly finding: Finding }
  | { readonly type: 'failure'; readonly guardrail: ResponseGuardrail; readonly error: unknown };

/** A channel must be cut; text from `from` on has not been cleared. */
export interface ChannelCut {
  readonly from: number;
  readonly cause: CutCause;
}

/** A stretch of an answer for another service. Whoever asks it hands back what was said, in the order of asking. */
export interface Question {
  readonly detector: RequestDetector;
  readonly text: AnswerText;
  readonly channel: string;
  readonly asked: AskedText;
  answered(matches: readonly Match[]): ChannelCut | undefined;
  failed(error: unknown): ChannelCut | undefined;
}

/** What a service said, or why it said nothing. */
export type Reply = { readonly matches: readonly Match[] } | { readonly error: unknown };

/** What the gate tells its owner as it goes. */
export interface GateObserver {
  /** Once per guardrail and match; a repetition in a snapshot isn't told again. */
  found(guardrail: ResponseGuardrail, finding: Finding, editable: boolean): void;
  /** A detector threw (that guardrail no longer looks at the channel), or a service had no answer. */
  failed(guardrail: ResponseGuardrail, error: unknown): void;
  /** To be asked, and settled (`ResponseGate.settle`) in this order. Needed only where some guardrail asks a service. */
  ask?(question: Question): void;
}

/** True if some guardrail may change or stop the response; otherwise it can be tapped instead of gated. */
export const needsGate = (guardrails: readonly ResponseGuardrail[]): boolean =>
  guardrails.some((one) => one.action !== 'warn' || one.onFailure === 'block');
