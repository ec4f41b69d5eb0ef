import { hostname, userInfo } from 'node:os';
import type { Place } from '../cli/ports.ts';
import type { Records } from '../record/records-contract.ts';
import type { ExchangeFilter, StoredExchange } from '../record/reports/query.ts';
import type { CallArguments, ExchangeView, Handlers, LimitView } from '../serve/contract.ts';
import { exchangeSchema } from '../serve/contract-views.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import type { AgentState } from './agent-state.ts';
import { appViews } from './app-views.ts';
import { diagnosticsOf } from './diagnostics.ts';
import type { ExceptionKeeper } from './exceptions.ts';
import type { Identity } from './identity.ts';
import { identityHandlers } from './identity-handlers.ts';
import { inOneLine } from './in-one-line.ts';
import type { OverrideKeeper } from './override.ts';
import { ownDoctor } from './own-doctor.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { policyView } from './policy-view.ts';
import { usageQuery, usageView } from './usage-view.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface HandlerParts {
  readonly state: AgentState;
  readonly keeper: PolicyKeeper;
  readonly records: Records;
  readonly exceptions: ExceptionKeeper;
  readonly identity: Identity;
  readonly override: OverrideKeeper;
  readonly place: Place;
  readonly limits: () => LimitView[];
  /** Asks the gateway anew what the key may do; never rejects. */
  readonly readQuota: () => Promise<void>;
  readonly stop: () => void;
}

/** The local API's answers, each from the room that knows. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { state, keeper, records, exceptions, identity, override, place, limits, readQuota, stop } = parts;
  const retentionMs = (): number => keeper.current.policy.privacy.retentionDays * DAY_MS;
  const view = (stored: StoredExchange): ExchangeView =>
    storedView(stored, retentionMs(), keeper.current.serviceNames.get(stored.service));
  const handlers: Handlers = {
    status: () => state.status(),
    ...identityHandlers(identity),
    async exchanges({ limit, before, stopped, ...rest }) {
      const page = { limit, ...(before !== undefined && { before: sequenceOf(before) }) };
      const stored = await records.listExchanges(page, filterOf(rest, stopped === 'true'));
      const exchanges = stored.map(view);
      const last = stored.at(-1);
      return {
        exchanges,
        ...(last !== undefined && stored.length === limit && { next: String(last.sequence) }),
      };
    },
    async exchange({ id }) {
      let found = await records.findExchange(id);
      if (found === undefined) {
        // Who has just heard of it asks before it is written.
        await records.flush();
        found = await records.findExchange(id);
      }
      if (found === undefined) throw new LocalApiError('not-found', `There is no exchange ${id}.`);
      return view(found);
    },
    async content({ id }) {
      const found = await records.findExchange(id);
      if (found === undefined) throw new LocalApiError('not-found', `There is no exchange ${id}.`);
      return { ...found.content };
    },
    apps: async () => ({ apps: appViews(await records.seenApps(), keeper.current) }),
    policy() {
      if (state.policy === undefined) throw new LocalApiError('unavailable', 'No policy is loaded yet.');
      return policyView(state.policy, state.settings);
    },
    doctor: () => ownDoctor(place),
    async diagnostics() {
      const [status, policy, doctor, apps, { exchanges: calls }] = await Promise.all([
        handlers.status({}),
        handlers.policy({}),
        handlers.doctor({}),
        handlers.apps({}),
        handlers.exchanges({ limit: 100, stopped: 'false' }),
      ]);
      const names = {
        person: [userInfo().username, ...new Set(calls.map(({ user }) => user))],
        device: [hostname()],
      };
      return diagnosticsOf({ status, policy, doctor, apps, exchanges: calls, names, nowMs: Date.now() });
    },
    async deleteContent() {
      const exchanges = await records.deleteContents();
      state.event('content-deleted', `by the person, of ${exchanges} exchanges`);
      return { exchanges };
    },
    usage: async ({ by, sinceMs, untilMs }) =>
      usageView(await records.usageReport(usageQuery(by, sinceMs, untilMs)), untilMs ?? Date.now()),
    limits: () => ({ limits: limits() }),
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
      await readQuota();
      return { policy: keeper.current.identity, problems: [...problems] };
    },
  };
  return handlers;
}

type Wanted = Pick<
  CallArguments<'exchanges'>,
  'app' | 'service' | 'model' | 'effective' | 'search' | 'sinceMs' | 'untilMs'
>;

/** Absent stays absent. */
const filterOf = (wanted: Wanted, stopped: boolean): ExchangeFilter => ({
  ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  ...(stopped && { stopped }),
});

function sequenceOf(cursor: string): number {
  const sequence = Number(cursor);
  if (!Number.isSafeInteger(sequence) || sequence < 0)
    throw new LocalApiError('bad-request', 'before must be the "next" of an earlier page.');
  return sequence;
}

/** What the log keeps of an exchange, in the contract's words. */
function storedView(
  stored: StoredExchange,
  retentionMs: number,
  serviceName: string | undefined,
): ExchangeView {
  const { tokens, cost, bytes, rules, content } = stored;
  return exchangeSchema.parse({
    id: stored.id,
    startedAtMs: stored.atMs,
    endedAtMs: stored.atMs + stored.durationMs,
    user: stored.user,
    app: stored.app,
    service: stored.service,
    serviceName,
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
    kept: {
      requestChars: content?.request?.length,
      responseChars: content?.response?.length,
      untilMs: stored.atMs + retentionMs,
    },
  });
}
