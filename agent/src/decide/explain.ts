import type { AppIdentity, Decision } from '../core/decision.ts';
import type { CompiledPolicy } from './compile.ts';
import { decideHead, decideRequest, decideUnread } from './decide.ts';
import type { CallContext, RequestContext, RuleAccount } from './evaluation.ts';
import { spendRulesFor } from './spend-rules.ts';

/** What would happen to a call and why, rule by rule. `decision`, `effective` and `reasons` stand at the top. */
export interface Explanation extends Decision {
  readonly host: string;
  /** `tunnel`: the connection isn't decrypted, so nothing else applies. */
  readonly route: 'inspect' | 'tunnel';
  readonly rules: readonly RuleAccount[];
}

/** What is known of the call: the head only, or also its body (`request`), or that the body can't be read. */
export type ExplainInput =
  | { readonly type: 'unlisted'; readonly host: string; readonly id: string; readonly app: AppIdentity }
  | { readonly type: 'head'; readonly call: CallContext }
  | { readonly type: 'request'; readonly request: RequestContext }
  | { readonly type: 'unread'; readonly call: CallContext; readonly why: 'unreadable' | 'oversized' };

export function explain(compiled: CompiledPolicy, input: ExplainInput): Explanation {
  if (input.type === 'unlisted') return explainUnlisted(compiled, input);
  const call = input.type === 'request' ? input.request : input.call;
  const { host, service } = call.location;
  const route = compiled.route(host);
  if (route === 'tunnel') {
    const text = `${service.name} is tunnelled: the connection isn't decrypted, so no other rule can apply.`;
    return { ...passing(compiled, call.id, call.app, service.id, text), host, route, rules: [] };
  }
  const rules: RuleAccount[] = [];
  const decision = decideFor(compiled, input, rules);
  return { ...decision, host, route, rules: inPolicyOrder(rules) };
}

/** Service rules are asked before those about other services are listed; a reader wants them as they are written. */
function inPolicyOrder(rules: readonly RuleAccount[]): readonly RuleAccount[] {
  const position = ({ id }: RuleAccount) => Number(/\d+/.exec(id)?.[0]);
  const services = rules.filter(({ kind }) => kind === 'service').sort((a, b) => position(a) - position(b));
  return [...services, ...rules.filter(({ kind }) => kind !== 'service')];
}

function decideFor(
  compiled: CompiledPolicy,
  input: Exclude<ExplainInput, { type: 'unlisted' }>,
  rules: RuleAccount[],
): Decision {
  // A head's verdict comes first on the real way too: what it refuses or passes is never read.
  const call = input.type === 'request' ? { ...input.request, readableAsText: true } : input.call;
  const verdict = decideHead(compiled, call, rules);
  if (verdict.type !== 'read') return verdict.decision;
  rules.length = 0;
  if (input.type === 'request') return decideWithSpend(compiled, input.request, rules);
  if (input.type === 'unread') return decideUnread(compiled, input.call, input.why, rules);
  return decideWithSpend(compiled, { ...input.call, ...emptyRequest(input.call) }, rules);
}

/** Which budgets and limits the call would count against; whether they have room, only a running agent can say. */
function decideWithSpend(compiled: CompiledPolicy, request: RequestContext, rules: RuleAccount[]): Decision {
  const decision = decideRequest(compiled, request, rules);
  const { operation } = request.exchange;
  if (operation === 'generate' || operation === 'embed') spendRulesFor(compiled, request, rules);
  return decision;
}

/** A call whose body nobody gave: what the rules would say to an empty one. */
function emptyRequest({ location }: CallContext) {
  const { dialect, operation } = location;
  return {
    exchange: {
      dialect,
      operation,
      model: undefined,
      stream: false,
      parts: [],
      tools: [],
      maxOutputTokens: undefined,
    },
    bytes: 0,
    findings: [],
    failures: [],
  };
}

function explainUnlisted(
  compiled: CompiledPolicy,
  { host, id, app }: Extract<ExplainInput, { type: 'unlisted' }>,
): Explanation {
  const text = `Neither the catalogue nor the policy names ${host}: it is tunnelled, untouched and unseen.`;
  return { ...passing(compiled, id, app, 'none', text), host, route: 'tunnel', rules: [] };
}

function passing(
  compiled: CompiledPolicy,
  id: string,
  app: AppIdentity,
  service: string,
  text: string,
): Decision {
  return {
    id,
    decision: 'allow',
    effective: 'allow',
    mode: 'tunnel',
    service,
    app,
    model: undefined,
    operation: 'unknown',
    reasons: [
      { rule: { kind: 'default', id: 'tunnel' }, action: 'allow', text, message: undefined, findings: [] },
    ],
    edits: [],
    policy: compiled.identity,
  };
}

/** The explanation as lines of text: the verdict first, then why, then each rule. */
export function describeExplanation(explanation: Explanation): readonly string[] {
  const { decision, effective, service, host, operation, app, model, mode, policy, reasons, rules } =
    explanation;
  const shadow = decision === effective ? '' : ` (shadow mode: what happens is ${effective})`;
  const lines = [
    `${decision}${shadow}`,
    '',
    `service    ${service === 'none' ? `none (${host})` : `${service} at ${host}`}`,
    `operation  ${operation}`,
    `mode       ${mode}`,
    `app        ${app.id}${app.identifiedBy === 'none' ? '' : ` (by ${app.identifiedBy})`}`,
    ...(model === undefined ? [] : [`model      ${model}`]),
    `policy     ${policy.name}, revision ${policy.revision}`,
    '',
    ...reasons.map(({ action, text }) => `${action.padEnd(7)} ${text}`),
  ];
  if (rules.length === 0) return lines;
  const width = Math.max(...rules.map(({ kind, id }) => kind.length + id.length + 1));
  return [
    ...lines,
    '',
    'Rule by rule:',
    ...rules.map(
      ({ kind, id, outcome, text }) => `  ${`${kind} ${id}`.padEnd(width)}  ${outcome.padEnd(11)}  ${text}`,
    ),
  ];
}
