import type { Records } from '../record/records-contract.ts';
import type { StoredExchange } from '../record/reports/query.ts';
import { type ExchangeView, exchangeSchema, type Handlers } from '../serve/contract.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import type { AgentState } from './agent-state.ts';
import type { ExceptionKeeper } from './exceptions.ts';
import { inOneLine } from './in-one-line.ts';
import type { OverrideKeeper } from './override.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { usageQuery, usageView } from './usage-view.ts';

const MINUTE_MS = 60_000;

/** The local API's answers, each from the room that knows. */
export function createHandlers(
  state: AgentState,
  keeper: PolicyKeeper,
  records: Records,
  exceptions: ExceptionKeeper,
  override: OverrideKeeper,
  stop: () => void,
): Handlers {
  return {
    status: () => state.status(),
    async exchanges({ limit, before, app, service, model, effective, sinceMs, untilMs }) {
      const page = { limit, ...(before !== undefined && { before: sequenceOf(before) }) };
      const filter = {
        ...(sinceMs !== undefined && { sinceMs }),
        ...(app !== undefined && { app }),
        ...(model !== undefined && { model }),
        ...(service !== undefined && { service }),
        ...(effective !== undefined && { effective }),
      };
      const stored = await records.listExchanges(page, filter);
      const exchanges = stored.filter(({ atMs }) => untilMs === undefined || atMs < untilMs).map(storedView);
      const last = stored.at(-1);
      return {
        exchanges,
        ...(last !== undefined && stored.length === limit && { next: String(last.sequence) }),
      };
    },
    async exchange({ id }) {
      const found = await records.findExchange(id);
      if (found === undefined) throw new LocalApiError('not-found', `There is no exchange ${id}.`);
      return storedView(found);
    },
    usage: async ({ by, sinceMs, untilMs }) =>
      usageView(await records.usageReport(usageQuery(by, sinceMs, untilMs)), untilMs ?? Date.now()),
    stop() {
      setImmediate(stop);
      return { done: true };
    },
    pause({ minutes, reason: given }) {
      if (!state.settings.config.tray.allowPause)
        throw new LocalApiError('forbidden', 'Your organisation does not allow pausing.');
      const reason = inOneLine(given);
      state.event('governance-paused', `for ${minutes} minutes: ${reason}`);
      return state.pauseFor(minutes * MINUTE_MS, reason);
    },
    resume() {
      state.resume('asked for');
      return { done: true };
    },
    async justify({ decision, reason }) {
      // The refused call may still wait to be written.
      await records.flush();
      const refused = await records.findExchange(decision);
      if (refused === undefined) throw new LocalApiError('not-found', `There is no decision ${decision}.`);
      return { exceptions: [...exceptions.grant(refused, reason)] };
    },
    exceptions: () => ({ exceptions: [...exceptions.inForce()] }),
    revokeException({ id }) {
      if (!exceptions.revoke(id)) throw new LocalApiError('not-found', `There is no exception ${id}.`);
      return { done: true };
    },
    override: ({ code }) => override.enter(code),
    endOverride() {
      if (!override.end()) throw new LocalApiError('conflict', 'No override is in force.');
      return { done: true };
    },
    async reload() {
      const problems = await keeper.reload();
      return { policy: keeper.current.identity, problems: [...problems] };
    },
  };
}

function sequenceOf(cursor: string): number {
  const sequence = Number(cursor);
  if (!Number.isSafeInteger(sequence) || sequence < 0)
    throw new LocalApiError('bad-request', 'before must be the "next" of an earlier page.');
  return sequence;
}

/** What the log keeps of an exchange, in the contract's words. */
function storedView(stored: StoredExchange): ExchangeView {
  const { tokens, cost, bytes, rules } = stored;
  return exchangeSchema.parse({
    id: stored.id,
    startedAtMs: stored.atMs,
    endedAtMs: stored.atMs + stored.durationMs,
    user: stored.user,
    app: stored.app,
    service: stored.service,
    host: stored.host,
    operation: stored.operation,
    model: stored.model,
    mode: stored.mode,
    decision: stored.decision,
    effective: stored.effective,
    reasons: rules,
    findings: stored.findings,
    result: stored.result,
    cause: stored.cause,
    status: stored.status,
    requestBytes: bytes.request,
    responseBytes: bytes.response,
    inputTokens: tokens?.input,
    outputTokens: tokens?.output,
    usageEstimated: tokens?.estimated ?? false,
    nanoUsd: cost?.nanoUsd,
    costEstimated: cost?.estimated ?? false,
    spend: stored.spend,
    addedMs: stored.addedMs,
    policy: stored.policy,
  });
}
