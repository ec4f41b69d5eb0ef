import type { PolicyReplay, ReplayedCall, ReplayQuestion } from '../../cli/ports.ts';
import { ACTIONS, type Action, type AppIdentity, type Decision, isRefusal } from '../../core/decision.ts';
import type { ExchangeRequest, Operation, Part } from '../../core/exchange.ts';
import type { Finding } from '../../core/finding.ts';
import type { CompiledPolicy } from '../../decide/compile.ts';
import { decideHead, decideRequest } from '../../decide/decide.ts';
import type { CallContext } from '../../decide/evaluation.ts';
import { scanRequest } from '../../journey/scan-parts.ts';
import type { StoredExchange } from '../../record/reports/query.ts';
import { requirePolicy } from '../active-policy.ts';
import { withReader } from '../history.ts';

const PAGE = 500;

/** `postern policy replay`: what the policy would have done with the calls in the record. */
export async function replayPolicy(question: ReplayQuestion): Promise<PolicyReplay> {
  const policy = await requirePolicy({ kind: 'file', file: question.policyFile });
  const calls = await recorded(question);
  const outcomes = emptyOutcomes();
  const changed: ReplayedCall[] = [];
  const limits = new Limits(policy);
  let refusedNanoUsd = 0;
  let withText = 0;
  for (const call of calls) {
    if (call.content?.request !== undefined) withText += 1;
    const judged = await judge(policy, call, limits);
    const before = call.effective as Action;
    const after = judged?.effective ?? before;
    outcomes[before].before += 1;
    outcomes[after].after += 1;
    if (judged === undefined || before === after) continue;
    if (isRefusal(after) && !isRefusal(before)) refusedNanoUsd += call.cost?.nanoUsd ?? 0;
    changed.push(changedCall(call, judged));
  }
  return {
    policy: policy.identity,
    sinceMs: question.sinceMs,
    calls: calls.length,
    withText,
    outcomes,
    refusedNanoUsd,
    changed,
    limits: limits.sentences(calls.length - withText),
  };
}

/** Oldest first. */
function recorded(question: ReplayQuestion): Promise<readonly StoredExchange[]> {
  return withReader(question, (reader) => {
    const calls: StoredExchange[] = [];
    for (let before: number | undefined; ; ) {
      const page = reader.listExchanges(
        { limit: PAGE, ...(before !== undefined && { before }) },
        { sinceMs: question.sinceMs },
      );
      calls.push(...page);
      before = page.at(-1)?.sequence;
      if (page.length < PAGE) return calls.reverse();
    }
  });
}

function emptyOutcomes(): Record<Action, { before: number; after: number }> {
  const entries = ACTIONS.map((action) => [action, { before: 0, after: 0 }]);
  return Object.fromEntries(entries) as Record<Action, { before: number; after: number }>;
}

const changedCall = (call: StoredExchange, judged: Decision): ReplayedCall => ({
  id: call.id,
  atMs: call.atMs,
  user: call.user,
  app: call.app.id,
  service: call.service,
  model: call.model,
  before: call.effective as Action,
  after: judged.effective,
  rules: [...new Set(judged.reasons.map(({ rule }) => rule.id))],
  nanoUsd: call.cost?.nanoUsd,
});

/** Undefined: the policy no longer knows where the call went. */
async function judge(
  policy: CompiledPolicy,
  call: StoredExchange,
  limits: Limits,
): Promise<Decision | undefined> {
  const location = policy.recall(call.host, call.service, call.operation);
  if (location === undefined || policy.route(call.host) === 'tunnel') {
    limits.notLocated += 1;
    return undefined;
  }
  const context: CallContext = {
    id: call.id,
    nowMs: call.atMs,
    user: call.user,
    device: call.device,
    app: call.app as AppIdentity,
    location,
    readableAsText: true,
  };
  const head = decideHead(policy, context);
  if (head.type !== 'read') return head.decision;
  const exchange = exchangeOf(call, location.dialect);
  const subject = { exchange, bytes: call.bytes.request, nowMs: call.atMs };
  const tokens = call.tokens?.input;
  const seen = { ...context, ...subject, ...(tokens !== undefined && { tokensEstimate: tokens }) };
  if (call.content?.request === undefined) {
    limits.note(call);
    return decideRequest(policy, { ...seen, findings: recordedFindings(policy, call), failures: [] });
  }
  const scanned = await scanRequest(policy, subject, { scan: (detector, text) => detector.scan(text) });
  return decideRequest(policy, { ...seen, ...scanned });
}

/** The record keeps the texts of a request joined, without their roles. */
function exchangeOf(call: StoredExchange, dialect: ExchangeRequest['dialect']): ExchangeRequest {
  const text = call.content?.request;
  const part: Part = { kind: 'text', role: 'user', pointer: '', text, editable: true };
  return {
    dialect,
    operation: call.operation as Operation,
    model: call.model,
    stream: false,
    parts: [part],
    tools: [],
    maxOutputTokens: undefined,
  };
}

/** What the policy of the day found, as if it had been found again. How sure it was isn't kept: taken for sure. */
function recordedFindings(policy: CompiledPolicy, call: StoredExchange): Finding[] {
  return policy.scan.request.detectors.flatMap((detector) =>
    (call.detectors?.[detector] ?? []).map(
      (kind): Finding => ({
        kind,
        label: kind.replaceAll('-', ' '),
        severity: 'critical',
        confidence: 'high',
        start: 0,
        end: 1,
        detector,
        direction: 'request',
        place: '',
        partKind: 'text',
        role: 'user',
      }),
    ),
  );
}

/** What the records can't tell, collected while they are read. */
class Limits {
  notLocated = 0;
  readonly #policy: CompiledPolicy;
  readonly #notSearched = new Map<string, number>();

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
  }

  /** A call without text: which of the policy's detectors didn't look at it then? */
  note(call: StoredExchange): void {
    for (const detector of this.#policy.scan.request.detectors) {
      if (call.detectors?.[detector] !== undefined) continue;
      this.#notSearched.set(detector, (this.#notSearched.get(detector) ?? 0) + 1);
    }
  }

  sentences(withoutText: number): string[] {
    const said: string[] = [];
    if (withoutText > 0) {
      said.push(
        `No text was stored of ${calls(withoutText)}: guardrails are judged by what was found then, and every finding counts as a sure one.`,
      );
    }
    for (const [detector, count] of this.#notSearched) {
      const rules = this.#policy.rules.guardrails.filter(({ detectorKey }) => detectorKey === detector);
      said.push(
        `${rules.map(({ id }) => id).join(', ')}: nobody searched ${calls(count)} for this then, so these count as clean.`,
      );
    }
    if (this.notLocated > 0)
      said.push(`${calls(this.notLocated)} went to hosts that this policy leaves untouched.`);
    if (this.#policy.rules.guardrails.some(({ response }) => response))
      said.push('Answers are not replayed: rules about them count as met by nothing.');
    return said;
  }
}

const calls = (count: number): string => (count === 1 ? 'one call' : `${count} calls`);
