import type { CutCause } from './guardrail.ts';
import { createResponseGate, type GateFrame, type ResponseGateOptions } from './response-gate.ts';
import { WholeText } from './whole-text.ts';

export type BodyVerdict =
  /** Forward the original bytes. */
  | { readonly type: 'pass' }
  | { readonly type: 'edited'; readonly body: string }
  /** Send the dialect's refusal instead. */
  | { readonly type: 'refuse'; readonly cause: CutCause };

/** The same guardrails on a response that came in one piece: the body is one frame that holds everything. */
export function redactBody(body: GateFrame, options: Omit<ResponseGateOptions, 'lastBytes'>): BodyVerdict {
  let cause: CutCause | undefined;
  const gate = createResponseGate({
    guardrails: options.guardrails,
    openScanner: (detector) => new WholeText(detector),
    ...(options.uneditable === undefined ? {} : { uneditable: options.uneditable }),
    found: (guardrail, finding, editable) => options.found(guardrail, finding, editable),
    failed: (guardrail, error) => options.failed(guardrail, error),
    lastBytes(why) {
      cause = why;
      return undefined;
    },
  });
  let emitted: string | undefined;
  for (const command of [...gate.push(body), ...gate.end()]) {
    if (command.type === 'emit' && typeof command.bytes === 'string') emitted = command.bytes;
  }
  if (cause !== undefined) return { type: 'refuse', cause };
  return emitted === undefined || emitted === body.raw ? { type: 'pass' } : { type: 'edited', body: emitted };
}
