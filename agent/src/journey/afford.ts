import type { Decision } from '../core/decision.ts';
import { isRefusal } from '../core/decision.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { RequestContext } from '../decide/evaluation.ts';
import type { StringEdit } from '../recognise/json/patch.ts';
import { type ModelPlace, modelPlaceOf, pathWithModel } from '../recognise/model-place.ts';
import type { CallSpend } from './call-spend.ts';
import { openSpend } from './open-spend.ts';
import type { JourneyPorts } from './ports.ts';

/** A call that budgets and limits have looked at. */
export interface Afforded {
  readonly decision: Decision;
  readonly spend: CallSpend | undefined;
  /** Where another model is to be written into the body. */
  readonly edits: readonly StringEdit[];
  /** The path, where the model stands in it. */
  readonly path: string | undefined;
  /** Refused for no longer than this, by a limit of the gateway's. */
  readonly waitMs?: number;
}

/**
 * Asks whether the call can be afforded. `json`: its body, if it is JSON; only read if the call has to go to another
 * model. What is refused already isn't asked about, so that it costs nothing.
 */
export function afford(
  ports: JourneyPorts,
  policy: CompiledPolicy,
  request: RequestContext | undefined,
  decision: Decision,
  call: { readonly path: string; readonly json: () => string | undefined },
): Afforded {
  if (request === undefined || isRefusal(decision.effective)) {
    return { decision, spend: undefined, edits: [], path: undefined };
  }
  let place: ModelPlace | undefined;
  const canDowngrade = (): boolean => {
    const json = call.json();
    place = json === undefined ? undefined : modelPlaceOf(JSON.parse(json), call.path);
    return place !== undefined;
  };
  const { model, ...opened } = openSpend(ports, policy, request, decision, canDowngrade);
  if (model === undefined || place === undefined) return { ...opened, edits: [], path: undefined };
  if (place.in === 'path') return { ...opened, edits: [], path: pathWithModel(call.path, place, model) };
  const { pointer, length } = place;
  return { ...opened, edits: [{ pointer, start: 0, end: length, replacement: model }], path: undefined };
}

/** What a decision takes out of a body, and what a budget writes into it. */
export const editsOf = ({ decision, edits }: Afforded): StringEdit[] => [
  ...decision.edits.map(({ place, ...range }) => ({ pointer: place, ...range })),
  ...edits,
];
