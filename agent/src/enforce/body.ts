import { type AnyDetector, isRequestDetector } from '../core/finding.ts';
import type { ResponseCommand } from '../core/flow.ts';
import type { CutCause, Question, Reply, ResponseGuardrail } from './guardrail.ts';
import { createResponseGate, type GateFrame, type ResponseGateOptions } from './response-gate.ts';
import { WholeText } from './whole-text.ts';

export type BodyVerdict =
  /** Forward the original bytes. */
  | { readonly type: 'pass' }
  | { readonly type: 'edited'; readonly body: string }
  /** Send the dialect's refusal instead. */
  | { readonly type: 'refuse'; readonly cause: CutCause };

/** Other services have to be asked first; `settle` takes what they said, in the order of the questions. */
export interface BodyQuestions {
  readonly type: 'ask';
  readonly questions: readonly Question[];
  settle(replies: readonly Reply[]): BodyVerdict;
}

/** The whole of a text is one window: nothing is gained by less, and a service sees all of it at once. */
const WHOLE_CHARS = 2 ** 30;

/** The same guardrails on a response that came in one piece: the body is one frame that holds everything. */
export function redactBody(
  body: GateFrame,
  options: Omit<ResponseGateOptions, 'lastBytes' | 'ask' | 'openScanner'>,
): BodyVerdict | BodyQuestions {
  let cause: CutCause | undefined;
  let emitted: string | undefined;
  const questions: Question[] = [];
  const gate = createResponseGate({
    guardrails: askedAsWhole(options.guardrails),
    openScanner: (detector) => new WholeText(detector),
    ...(options.uneditable === undefined ? {} : { uneditable: options.uneditable }),
    found: (guardrail, finding, editable) => options.found(guardrail, finding, editable),
    failed: (guardrail, error) => options.failed(guardrail, error),
    ask: (question) => void questions.push(question),
    lastBytes(why) {
      cause = why;
      return undefined;
    },
  });
  const take = (commands: readonly ResponseCommand[]): void => {
    for (const command of commands)
      if (command.type === 'emit' && typeof command.bytes === 'string') emitted = command.bytes;
  };
  const verdict = (): BodyVerdict => {
    if (cause !== undefined) return { type: 'refuse', cause };
    return emitted === undefined || emitted === body.raw
      ? { type: 'pass' }
      : { type: 'edited', body: emitted };
  };
  take(gate.push(body));
  take(gate.end());
  if (cause !== undefined || questions.length === 0) return verdict();
  return {
    type: 'ask',
    questions,
    settle(replies) {
      for (const [index, question] of questions.entries()) {
        const reply = replies[index] ?? { error: new Error('nobody was asked') };
        take(gate.settle(question, reply));
      }
      return verdict();
    },
  };
}

function askedAsWhole(guardrails: readonly ResponseGuardrail[]): readonly ResponseGuardrail[] {
  const known = new Map<AnyDetector, AnyDetector>();
  const whole = (detector: AnyDetector): AnyDetector => {
    if (!isRequestDetector(detector)) return detector;
    const made = known.get(detector) ?? {
      id: detector.id,
      scope: 'request',
      windowChars: WHOLE_CHARS,
      inspect: (subject) => detector.inspect(subject),
      inspectAnswer: (texts) => detector.inspectAnswer?.(texts) ?? Promise.resolve([]),
    };
    known.set(detector, made);
    return made;
  };
  return guardrails.map((one) => ({ ...one, detector: whole(one.detector) }));
}
