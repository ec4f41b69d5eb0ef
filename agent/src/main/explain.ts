import { hostname, userInfo } from 'node:os';
import { CommandFailure, type ExplainQuestion, type Explanation } from '../cli/ports.ts';
import type { Action, AppIdentity, Mode } from '../core/decision.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext } from '../decide/evaluation.ts';
import { type Explanation as Account, type ExplainInput, explain } from '../decide/explain.ts';
import type { Location } from '../decide/location.ts';
import { usd } from '../decide/spend-words.ts';
import { readBody } from '../journey/read-body.ts';
import type { ScanTools } from '../journey/scan-parts.ts';
import { searchRequest } from '../journey/search-request.ts';
import { createOpener } from '../open/open.ts';
import type { StoredExchange } from '../record/reports/query.ts';
import type { BudgetView } from '../serve/contract.ts';
import { policySource, requirePolicy } from './active-policy.ts';
import { appNamed } from './app-named.ts';
import { budgets } from './budgets.ts';
import { throughGateway } from './explain-gateway.ts';
import { withReader } from './history.ts';
import { settingsOf } from './settings.ts';

/** `postern explain`: a URL is judged now, without sending anything; an id is looked up in the record. */
export async function explainQuestion(question: ExplainQuestion): Promise<Explanation> {
  if (!/^[a-z]+:\/\//i.test(question.subject)) return explainRecorded(question);
  const url = URL.parse(question.subject);
  if (url === null)
    throw new CommandFailure(
      'not-a-url',
      2,
      `"${question.subject}" is not a URL.`,
      'Write it whole: https://api.openai.com/v1/responses',
    );
  const settings = settingsOf(question);
  const policy = await requirePolicy(await policySource(settings, question.policyFile, question.home));
  const input = await inputFor(policy, question, url);
  const { explained, note } = throughGateway(explain(policy, input), policy, settings.config, input, url);
  const answer = present(explained, policy);
  const notes = [...(note === undefined ? [] : [note]), ...(await budgetNotes(question, answer))];
  return notes.length === 0 ? answer : { ...answer, notes };
}

/** How the budgets stand that the call would count against. */
async function budgetNotes(
  question: ExplainQuestion,
  { trace = [], app, service }: Explanation,
): Promise<string[]> {
  const applied = new Set(trace.filter((rule) => rule.applied).map(({ rule }) => rule));
  let views: readonly BudgetView[];
  try {
    views = await budgets(question, question.policyFile);
  } catch (error) {
    // Before the first start nothing has been counted.
    if (error instanceof CommandFailure) return [];
    throw error;
  }
  const own: Partial<Record<BudgetView['scope'], string | undefined>> = { app: app.id, service };
  return views
    .filter(({ id, scope, subject }) => applied.has(id) && (!(scope in own) || own[scope] === subject))
    .map(({ id, scope, subject, lost, ...view }) => {
      if (lost) return `budget ${id}: its record was lost, so it counts as used up`;
      const money =
        view.limitNanoUsd === undefined
          ? []
          : [`${usd(view.remainingNanoUsd ?? 0)} of ${usd(view.limitNanoUsd)}`];
      const tokens =
        view.limitTokens === undefined ? [] : [`${view.remainingTokens} of ${view.limitTokens} tokens`];
      return `budget ${id}, ${scope} ${subject}: ${[...money, ...tokens].join(' and ')} left`;
    });
}

async function inputFor(policy: CompiledPolicy, question: ExplainQuestion, url: URL): Promise<ExplainInput> {
  const app = appNamed(question.app);
  const path = url.pathname + url.search;
  const webSocket = url.protocol === 'wss:' || url.protocol === 'ws:';
  const location = policy.locate(
    url.hostname,
    question.method ?? (webSocket ? 'GET' : 'POST'),
    path,
    webSocket,
  );
  if (location === undefined) return { type: 'unlisted', host: url.hostname, id: 'not-sent', app };
  const call: CallContext = {
    id: 'not-sent',
    nowMs: Date.now(),
    user: userInfo().username,
    device: hostname(),
    app,
    location,
  };
  if (question.body === undefined) return { type: 'head', call };
  return withBody(policy, call, location, path, question.body);
}

async function withBody(
  policy: CompiledPolicy,
  call: CallContext,
  location: Location,
  path: string,
  body: Uint8Array,
): Promise<ExplainInput> {
  const read = readBody(body, location, path, 'application/json');
  if (!read.ok) return { type: 'unread', call, why: 'oversized' };
  const subject = { exchange: read.exchange, bytes: body.length, nowMs: call.nowMs };
  const attachments = createOpener();
  const scan: ScanTools['scan'] = (detector, text) => detector.scan(text);
  try {
    const searched = await searchRequest({ scan, attachments }, policy, subject);
    return { type: 'request', request: { ...call, ...subject, ...searched } };
  } finally {
    await attachments.close();
  }
}

function present(account: Account, policy: CompiledPolicy): Explanation {
  const tunnelled = account.route === 'tunnel';
  const { guardrails, budgets, limits } = policy.policy;
  const onTrial = new Set(
    [...guardrails, ...budgets, ...limits].filter(({ shadow }) => shadow).map(({ id }) => id),
  );
  return {
    id: undefined,
    decision: account.decision,
    effective: account.effective,
    reasons: account.reasons.map(({ rule, action, text, message, shadow }) => ({
      rule: rule.id,
      action,
      text,
      message,
      shadow,
    })),
    service: account.service === 'none' ? undefined : account.service,
    mode: account.mode,
    operation: tunnelled ? undefined : account.operation,
    model: account.model,
    app: account.app,
    policy: policy.identity,
    trace: account.rules.map(({ id, outcome, text }) => ({
      rule: id,
      applied: outcome === 'applied',
      text,
      ...(onTrial.has(id) && { shadow: true }),
    })),
  };
}

async function explainRecorded(question: ExplainQuestion): Promise<Explanation> {
  const found = await withReader(question, (reader) => reader.findExchange(question.subject));
  if (found === undefined) {
    throw new CommandFailure(
      'no-such-decision',
      1,
      `There is no decision ${question.subject} on this device.`,
      'It may have expired, or belong to another home (--home).',
    );
  }
  return fromRecord(found);
}

function fromRecord(found: StoredExchange): Explanation {
  return {
    id: found.id,
    decision: found.decision as Action,
    effective: found.effective as Action,
    reasons: found.rules.map(({ action, ...rest }) => ({ ...rest, action: action as Action })),
    service: found.service,
    mode: found.mode as Mode,
    operation: found.operation,
    model: found.model,
    app: found.app as AppIdentity,
    policy: found.policy,
    startedAtMs: found.atMs,
    findings: found.findings,
  };
}
