import { type Decision, isRefusal } from '../core/decision.ts';
import type { RequestHead, RequestPlan } from '../core/flow.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { type HeadVerdict, modeOf } from '../decide/decide.ts';
import type { CallContext } from '../decide/evaluation.ts';
import { downReason, noGateway, reasonOf, withReason } from './gateway-words.ts';
import type { JourneyPorts } from './ports.ts';
import { refusalResponse } from './refuse.ts';
import { isRouted } from './routed-call.ts';

/** Decoded size of the largest body that is held and checked; a context window's text is a tenth of it. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

const HOLD: RequestPlan = { type: 'hold', maxBytes: MAX_HELD_BYTES };

interface HeadInput {
  readonly ports: JourneyPorts;
  readonly policy: CompiledPolicy;
  readonly head: RequestHead;
  readonly call: CallContext;
  readonly verdict: HeadVerdict;
  readonly judged: Decision;
}

/** What to do with a request whose head has been judged; its body may still change everything. */
export function headPlan(input: HeadInput): { readonly plan: RequestPlan; readonly decision: Decision } {
  const { verdict, judged, policy, head, call, ports } = input;
  if (verdict.type === 'refuse' || (verdict.type === 'pass' && isRefusal(judged.effective)))
    return refuse(judged, call);
  const mode = routedMode(input);
  if (mode === undefined || policy.shadow)
    return { plan: verdict.type === 'pass' || head.webSocket ? { type: 'stream' } : HOLD, decision: judged };
  const gateway = ports.gateway?.();
  if (gateway === undefined && (verdict.type === 'pass' || head.webSocket))
    return refuse(withReason({ ...judged, mode }, noGateway(judged.service)), call);
  if (gateway?.isDown() === true && policy.policy.failure.gatewayDown === 'tunnel') {
    const decision = withReason({ ...judged, mode: 'tunnel' }, downReason(gateway, 'tunnel'));
    return { plan: { type: 'stream' }, decision };
  }
  return head.webSocket ? overHttp({ ...judged, mode }, call) : { plan: HOLD, decision: judged };
}

/** The mode, if it leads to the gateway; asked of conditions only where a rule could say so. */
function routedMode({ verdict, policy, call, judged }: HeadInput): 'gateway' | 'passthrough' | undefined {
  const { service, serviceRules } = call.location;
  if (!isRouted(service.defaultMode) && !serviceRules.some(({ rule }) => isRouted(rule.mode)))
    return undefined;
  const mode = verdict.type === 'pass' ? judged.mode : modeOf(policy, call);
  return mode !== undefined && isRouted(mode) ? mode : undefined;
}

const refuse = (decision: Decision, call: CallContext) => ({
  plan: { type: 'refuse', response: refusalResponse(decision, call.location.dialect) } as const,
  decision,
});

/**
 * No gateway speaks the Responses WebSocket. Codex asks once, and goes on over HTTP at once, if it is told so by 426;
 * any other answer makes it try again. Of sockets that nobody reads there is no HTTP form.
 */
function overHttp(judged: Decision, call: CallContext) {
  if (call.location.dialect === 'opaque') {
    const text = 'The policy sends this service through the gateway, which takes no such connections.';
    const advice = 'Ask your security team to set such calls to direct, if they are to work.';
    return refuse(withReason(judged, reasonOf('block', 'gateway-not-served', text, advice)), call);
  }
  const text = 'The gateway takes no WebSockets; the app was told to use HTTP.';
  const decision = withReason(judged, reasonOf('allow', 'gateway', text));
  const response = refusalResponse(decision, call.location.dialect, { status: 426 });
  return { plan: { type: 'refuse', response } as const, decision };
}
