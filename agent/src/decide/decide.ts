import { type Decision, isRefusal, type Mode } from '../core/decision.ts';
import { applyAppRules } from './app-rules.ts';
import type { CompiledPolicy } from './compile.ts';
import { type CallContext, Evaluation, type RequestContext, type RuleAccount } from './evaluation.ts';
import { applyRequestGuardrails } from './guardrails.ts';
import type { Location } from './location.ts';
import { applyModelRules } from './model-rules.ts';
import { placeholders } from './placeholders.ts';
import { editsFor } from './redaction.ts';
import { serviceMode } from './service-rules.ts';

export type HeadVerdict =
  /** Refuse now: no body could change it. */
  | { readonly type: 'refuse'; readonly decision: Decision }
  /** Forward as it is: there is no prompt in it, or none that the agent can read and the policy lets that pass. */
  | { readonly type: 'pass'; readonly decision: Decision }
  /** Read the body, search it, then `decideRequest` (or `decideUnread`, if it can't be read). */
  | { readonly type: 'read' };

/** What a request head alone decides. A WebSocket's `read` means: read its messages. */
export function decideHead(
  compiled: CompiledPolicy,
  call: CallContext,
  accounts?: RuleAccount[],
): HeadVerdict {
  const { location } = call;
  const toRead = isToBeRead(call);
  const evaluation = new Evaluation(compiled, call, undefined, accounts);
  const mode = serviceMode(evaluation, toRead);
  if (mode === 'tunnel') return { type: 'pass', decision: evaluation.decision(mode) };
  const appDecided = applyAppRules(evaluation, toRead);
  if (isRefused(evaluation)) return { type: 'refuse', decision: evaluation.decision(mode ?? 'block') };
  if (toRead || mode === undefined || !appDecided) return { type: 'read' };
  if (isPrompt(location)) addUnread(evaluation, 'unreadable');
  const decision = evaluation.decision(mode);
  return { type: isRefusal(decision.effective) ? 'refuse' : 'pass', decision };
}

/** The mode as far as the head tells; undefined: a condition asks for the body. */
export function modeOf(compiled: CompiledPolicy, call: CallContext): Mode | undefined {
  return serviceMode(new Evaluation(compiled, call, undefined), true);
}

/** The verdict on a call whose body has been read and searched. */
export function decideRequest(
  compiled: CompiledPolicy,
  request: RequestContext,
  accounts?: RuleAccount[],
): Decision {
  const evaluation = new Evaluation(compiled, request, request, accounts);
  const mode = serviceMode(evaluation, false) ?? request.location.service.defaultMode;
  if (mode === 'tunnel') return evaluation.decision(mode);
  applyAppRules(evaluation, false);
  applyModelRules(evaluation);
  if (request.undecodable || (isPrompt(request.location) && request.exchange.dialect === 'opaque'))
    addUnread(evaluation, 'only-as-text');
  const { redact } = applyRequestGuardrails(evaluation);
  return evaluation.decision(mode, redact.length === 0 ? [] : editsFor(redact, placeholders(request)));
}

/**
 * The verdict on a call with a prompt that could not be read (`unreadable`: not of its dialect, undecodable) or not
 * be held (`oversized`).
 */
export function decideUnread(
  compiled: CompiledPolicy,
  call: CallContext,
  why: 'unreadable' | 'oversized',
  accounts?: RuleAccount[],
): Decision {
  const evaluation = new Evaluation(compiled, call, undefined, accounts);
  const mode = serviceMode(evaluation, false) ?? call.location.service.defaultMode;
  if (mode === 'tunnel') return evaluation.decision(mode);
  applyAppRules(evaluation, false);
  addUnread(evaluation, why);
  return evaluation.decision(mode);
}

/** Prompts in a known dialect; and whatever can be searched as text where a prompt may be. */
function isToBeRead({ location, readableAsText }: CallContext): boolean {
  if (isPrompt(location) && location.dialect !== 'opaque') return true;
  return readableAsText === true && location.operation !== 'control';
}

/** True if calls of this kind carry text for a model. */
function isPrompt({ operation }: Pick<Location, 'operation'>): boolean {
  return (
    operation === 'generate' ||
    operation === 'embed' ||
    operation === 'count-tokens' ||
    operation === 'prewarm'
  );
}

/** In shadow mode nothing is refused at the head, so that the body is judged and recorded too. */
function isRefused(evaluation: Evaluation): boolean {
  return isRefusal(evaluation.effective());
}

/** `only-as-text`: its strings could be searched, but nobody knows which of them is what. */
function addUnread(evaluation: Evaluation, why: 'unreadable' | 'oversized' | 'only-as-text'): void {
  const { unreadableRequest, oversizedRequest } = evaluation.compiled.policy.failure;
  const action = why === 'oversized' ? oversizedRequest : unreadableRequest;
  const id = why === 'oversized' ? 'failure.oversizedRequest' : 'failure.unreadableRequest';
  const checked = why === 'only-as-text' ? 'after a search of its plain text' : 'unchecked';
  const then = action === 'block' ? 'so it was not sent' : `and was sent ${checked}`;
  const text = `${unreadFact(evaluation.call.location, why)}, ${then}.`;
  evaluation.add({ rule: { kind: 'failure', id }, action, text, message: undefined, findings: [] });
  evaluation.account({ kind: 'failure', id }, 'applied', action, text);
}

function unreadFact(
  { service, dialect }: Location,
  why: 'unreadable' | 'oversized' | 'only-as-text',
): string {
  if (why === 'oversized') return 'This request is larger than the agent can check';
  if (dialect === 'opaque')
    return `What ${service.name} sends is in a format that the agent doesn't know yet`;
  return 'This request could not be read';
}
