import type { Decision, Reason } from '../core/decision.ts';
import type { Gateway, GatewayRefusal, GatewayRefusalKind } from '../core/gateway.ts';
import { joinReasons } from '../decide/spend-rules.ts';

type Named = Pick<Gateway, 'name'>;

const SENTENCES: Readonly<Record<GatewayRefusalKind, string>> = {
  'no-key': 'wants a virtual key and got none',
  'unknown-key': "doesn't know the virtual key",
  'inactive-key': 'has switched off the virtual key, or it has expired',
  model: "doesn't allow this model for your key",
  provider: "doesn't allow this provider for your key",
  tool: "doesn't allow this tool for your key",
  budget: 'says that the budget is used up',
  rate: 'says that the limit per time is reached',
  guardrail: 'stopped the call by one of its guardrails',
  denied: 'refused the call',
  timeout: 'got no answer in time',
};

const ADVICE: Readonly<Record<GatewayRefusalKind, string>> = {
  'no-key': 'Sign in or choose a key: postern key list',
  'unknown-key': 'Sign in again or choose another key: postern key list',
  'inactive-key': 'Choose another key (postern key list), or ask whoever runs the gateway.',
  model: 'Choose another model.',
  provider: 'Choose a model of another provider.',
  tool: 'Go on without this tool.',
  budget: 'Wait until it is renewed, or ask whoever keeps the budget.',
  rate: 'Send again later; if it was a program, let it go slower.',
  guardrail: 'Take it out and send again; if it was part of an earlier message, start a new conversation.',
  denied: 'Ask whoever runs the gateway.',
  timeout: 'Send again.',
};

/** The gateway's word, in ours and in its own. `secret` must not come back in it. */
export function refusalReason({ name }: Named, { kind, message }: GatewayRefusal): Reason {
  const said = message.trim();
  return {
    rule: { kind: 'gateway', id: `gateway-${kind}` },
    action: 'block',
    text: `${name} ${SENTENCES[kind]}${said === '' ? '.' : `: ${/[.!?]$/.test(said) ? said : `${said}.`}`}`,
    message: ADVICE[kind],
    findings: [],
  };
}

export const reasonOf = (
  action: Reason['action'],
  id: string,
  text: string,
  message?: string,
  kind: Reason['rule']['kind'] = 'gateway',
): Reason => ({ rule: { kind, id }, action, text, message, findings: [] });

/** What the gateway has to do with a call joins its decision; a refusal leaves nothing to edit. */
export function withReason(decision: Decision, reason: Reason): Decision {
  const joined = joinReasons(decision, [reason], false);
  return reason.action === 'block' ? { ...joined, edits: [] } : joined;
}

export const noGateway = (service: string): Reason =>
  reasonOf(
    'block',
    'no-gateway',
    `The policy sends ${service} through the company's gateway, and this agent has none.`,
    'Ask your security team to set `gateway` in the configuration, or this service to direct.',
    'failure',
  );

export const notServed = (why: string): Reason =>
  reasonOf(
    'block',
    'gateway-not-served',
    `The policy sends this service through the gateway, but ${why}.`,
    'Ask your security team to set such calls to direct, if they are to work.',
  );

export const noKey = ({ name }: Named): Reason =>
  reasonOf(
    'block',
    'gateway-no-key',
    `Calls to this service go through ${name}, and there is no virtual key on this device.`,
    'Sign in with `postern login`, or ask your security team for a key.',
  );

export const goesThrough = ({ name }: Named, key: string): Reason =>
  reasonOf('allow', 'gateway', `It goes through ${name} with the key "${key}".`);

export const downReason = ({ name }: Named, then: 'refuse' | 'direct' | 'tunnel', why?: string): Reason => {
  const text = `${name} can't be reached${why === undefined ? '' : ` (${why})`}`;
  if (then === 'refuse') {
    return reasonOf(
      'block',
      'failure.gatewayDown',
      `${text}, and the policy lets no call pass without it.`,
      'Check your network; `postern status` says when it is back.',
      'failure',
    );
  }
  const how = then === 'direct' ? "with this device's own rules" : 'untouched';
  return reasonOf(
    'warn',
    'failure.gatewayDown',
    `${text}, so the call went to the provider ${how}.`,
    undefined,
    'failure',
  );
};
