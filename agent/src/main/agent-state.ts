import { statSync } from 'node:fs';
import type { Action } from '../core/decision.ts';
import type { Governor } from '../core/flow.ts';
import type { ExchangeRecord } from '../core/records.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { Listener } from '../intercept/listener.ts';
import { handshakeWords } from '../journey/pinned-hosts.ts';
import { ungovernedFlow } from '../journey/ungoverned-flow.ts';
import type { HomeFiles } from '../platform/home.ts';
import type { Records } from '../record/records-contract.ts';
import type { AgentStatus, BudgetView, FileProblem } from '../serve/contract.ts';
import { createIncidentLog } from '../serve/incident-log.ts';
import type { LoadedConfig } from '../sync/config.ts';
import type { GatewayView } from '../sync/gateways/central-gateway.ts';
import type { PolicySource } from './active-policy.ts';
import { type CheckCounters, NOTHING_CHECKED } from './check-counters.ts';
import { gatewayProblems, gatewayStatus } from './gateway.ts';
import { type Identity, identityStatus } from './identity.ts';
import { pushTroubles } from './push-troubles.ts';
import { telemetryTroubles } from './telemetry-status.ts';
import { fingerprint, type Trust } from './trust.ts';

/** A timer may be early by the clocks that a pause goes by. */
const TIMER_SLACK_MS = 20;

type Degraded = AgentStatus['degraded'];
type ManagedStatus = Pick<AgentStatus['policy'], 'bundle' | 'switches' | 'override'>;

/** The policy in force, as status tells of it. */
export interface PolicyState {
  readonly compiled: CompiledPolicy;
  readonly warnings: readonly FileProblem[];
  readonly source: PolicySource;
  readonly loadedAtMs: number;
  readonly lastError: { readonly atMs: number; readonly problems: FileProblem[] } | undefined;
}

/** What the running agent knows of itself: the one place that status is made from. */
export class AgentState {
  readonly #version: string;
  readonly #files: HomeFiles;
  readonly #startedAtMs = Date.now();
  readonly #incidents = createIncidentLog();
  readonly #failures = new Map<string, number>();
  readonly #decisions: Record<Action, number> = { allow: 0, warn: 0, redact: 0, justify: 0, block: 0 };
  settings: LoadedConfig;
  configProblems: FileProblem[] = [];
  policy: PolicyState | undefined;
  trust: Trust | undefined;
  records: Records | undefined;
  stopping = false;
  telemetry: (() => NonNullable<AgentStatus['telemetry']>) | undefined;
  budgets: () => BudgetView[] = () => [];
  checks: () => CheckCounters = () => NOTHING_CHECKED;
  /** Reasons of parts that know them themselves. */
  readonly moreDegraded: (() => Degraded)[] = [];
  identity: Identity | undefined;
  gateway: () => GatewayView | undefined = () => undefined;
  /** Where it was fetched, and what is laid over it. */
  managedPolicy: () => ManagedStatus = () => ({});
  /** Of what status tells of; for whoever watches how often. */
  onIncident: (code: string) => void = () => undefined;
  onChange: () => void = () => undefined;
  onExchange: (record: ExchangeRecord) => void = () => undefined;
  /** A changed configuration has been taken over. */
  onSettings: (settings: LoadedConfig) => void = () => undefined;
  onLeases: (count: number) => void = () => undefined;
  #pause: { readonly untilMs: number; readonly reason: string } | undefined;
  #pauseEndsAtUptimeMs = 0;
  #pauseTimer: NodeJS.Timeout | undefined;
  #journey: Governor | undefined;
  #listener: Listener | undefined;
  #address = { host: '127.0.0.1', port: 0 };

  constructor(version: string, files: HomeFiles, settings: LoadedConfig) {
    this.#version = version;
    this.#files = files;
    this.settings = settings;
  }

  get proxyAddress(): string {
    const { host, port } = this.#address;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get proxyUrl(): string {
    return `http://${this.proxyAddress}`;
  }

  listening(address: { host: string; port: number }, listener: Listener): void {
    this.#address = address;
    this.#listener = listener;
  }

  /** The journey, unless governance is paused: then everything is tunnelled, or carried unseen. */
  governs(journey: Governor): Governor {
    this.#journey = journey;
    return {
      routeConnection: (target, client) =>
        this.isPaused() ? 'tunnel' : journey.routeConnection(target, client),
      openFlow: (head, connection) => (this.isPaused() ? ungovernedFlow : journey.openFlow(head, connection)),
      handshakeFailed: (target, cause, process) => {
        journey.handshakeFailed(target, cause, process);
        this.note('handshake-failed', handshakeWords(target, cause, process));
      },
      tunnelled: (target, who) => journey.tunnelled?.(target, who),
      incident: (code, detail) => this.incident(code, detail),
    };
  }

  isPaused(): boolean {
    if (this.#pause === undefined) return false;
    // By both clocks: one that is set back must not make a pause longer, and the other stands still in sleep.
    if (Date.now() < this.#pause.untilMs && performance.now() < this.#pauseEndsAtUptimeMs) return true;
    this.resume('the time was up');
    return false;
  }

  pauseFor(durationMs: number, reason: string): { readonly untilMs: number } {
    this.#pause = { untilMs: Date.now() + durationMs, reason };
    this.#pauseEndsAtUptimeMs = performance.now() + durationMs;
    // Who watches must hear of its end also when no call comes by to notice it.
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => this.isPaused(), durationMs + TIMER_SLACK_MS).unref();
    return { untilMs: this.#pause.untilMs };
  }

  resume(why: string): void {
    if (this.#pause === undefined) return;
    this.#pause = undefined;
    clearTimeout(this.#pauseTimer);
    this.event('governance-resumed', why);
  }

  /** Told to status, and kept in the audit log. */
  incident(code: string, detail: string): void {
    this.#journey?.incident(code, detail);
    this.note(code, detail);
  }

  /** Kept in the audit log only. */
  event(code: string, detail: string): void {
    this.#journey?.incident(code, detail);
    this.onChange();
  }

  /** Told to status only: the caller keeps the record. */
  note(code: string, detail: string): void {
    this.#incidents.add(code, detail, Date.now());
    this.onIncident(code);
    this.onChange();
  }

  /** By what could not be done: a rule's id, or `failure.unreadableRequest` and its like. */
  failed(id: string): void {
    this.#failures.set(id, (this.#failures.get(id) ?? 0) + 1);
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.#decisions[record.effective] += 1;
    this.onExchange(record);
    this.onChange();
  }

  /** Sentences for the start: what is degraded, what in the config is not in force. */
  notices(): readonly string[] {
    return [
      ...this.#degraded().map(({ text, mend }) => (mend ? `${text} ${mend}` : text)),
      ...(this.policy?.warnings ?? []).map(({ field, message }) => `policy: ${field}: ${message}`),
      ...this.settings.notices.map(({ field, message }) => `${field}: ${message}`),
    ];
  }

  status(): AgentStatus {
    const { host, port } = this.#address;
    const stats = this.#listener?.stats();
    const pause = this.#pause;
    const paused = this.isPaused();
    return {
      state: this.stopping ? 'stopping' : paused ? 'paused' : 'running',
      process: {
        pid: process.pid,
        version: this.#version,
        startedAtMs: this.#startedAtMs,
        rssBytes: process.memoryUsage.rss(),
      },
      home: this.#files.directory,
      proxy: { url: this.proxyUrl, host, port },
      pac: { url: `${this.proxyUrl}/proxy.pac` },
      ca: this.#ca(),
      policy: this.#policyStatus(),
      config: {
        files: [...this.settings.files],
        problems: [...this.settings.notices.map(toFileProblem), ...this.configProblems],
      },
      ...(paused && pause !== undefined && { pause }),
      counters: {
        connections: stats?.totals.connects ?? 0,
        openConnections: stats?.connections ?? 0,
        tunnels: stats?.totals.tunnels ?? 0,
        inspected: stats?.totals.inspected ?? 0,
        handshakesRefused: stats?.totals.handshakeFailures ?? 0,
        exchanges: Object.values(this.#decisions).reduce((sum, count) => sum + count, 0),
        decisions: { ...this.#decisions },
        failures: Object.fromEntries(this.#failures),
      },
      store: this.#store(),
      ...identityStatus(this.identity),
      ...(this.telemetry !== undefined && { telemetry: this.telemetry() }),
      budgets: this.budgets(),
      ...this.checks(),
      ...gatewayStatus(this.gateway()),
      incidents: this.#incidents.list(),
      degraded: this.#degraded(),
    };
  }

  #ca(): AgentStatus['ca'] {
    const { trust, policy } = this;
    if (trust === undefined || policy === undefined) return { file: this.#files.caFile, uncovered: [] };
    const { rootFile, rootPem, notAfterMs } = trust.authority;
    return {
      file: rootFile,
      fingerprintSha256: fingerprint(rootPem),
      notAfterMs,
      uncovered: [...trust.uncovered(policy.compiled)],
    };
  }

  #policyStatus(): AgentStatus['policy'] {
    const { policy } = this;
    if (policy === undefined) throw new Error('status was asked for before a policy was loaded');
    const { kind, file } = policy.source;
    return {
      ...policy.compiled.identity,
      source: { kind, ...(file !== undefined && { file }) },
      loadedAtMs: policy.loadedAtMs,
      warnings: policy.warnings.map(toFileProblem),
      ...(policy.lastError !== undefined && { lastError: policy.lastError }),
      ...this.managedPolicy(),
    };
  }

  #store(): AgentStatus['store'] {
    const health = this.records?.health();
    const state =
      health === undefined || health.state === 'closed'
        ? 'unavailable'
        : health.state === 'ok'
          ? 'ok'
          : 'degraded';
    const sizeBytes = statSync(this.#files.databaseFile, { throwIfNoEntry: false })?.size;
    return {
      state,
      file: this.#files.databaseFile,
      ...(sizeBytes !== undefined && { sizeBytes }),
      queued: health?.queued ?? 0,
      dropped: health?.dropped ?? 0,
      ...(health?.problem !== undefined && { lastError: health.problem }),
    };
  }

  /** Each reason why not all is as it should be, with what to do about it. */
  #degraded(): Degraded {
    const reasons: Degraded = [];
    const { policy, trust } = this;
    reasons.push(...(this.identity?.problems() ?? []));
    const health = this.records?.health();
    if (health?.problem !== undefined) reasons.push({ code: `store-${health.state}`, text: health.problem });
    if (health?.setAside !== undefined) {
      reasons.push({
        code: 'store-set-aside',
        text: `The database was damaged and was moved to ${health.setAside}; a new one was begun.`,
        mend: 'Keep that file for your security team.',
      });
    }
    if (this.budgets().some(({ lost }) => lost)) {
      reasons.push({
        code: 'budgets-lost',
        text: 'The record of what budgets have spent was lost: they count as used up until their windows end.',
        mend: 'Tell your security team; a budget under a new id begins at nothing.',
      });
    }
    if (policy?.lastError !== undefined) {
      reasons.push({
        code: 'policy-refused',
        text: 'A newer policy was refused; the one before is still in force.',
        mend:
          policy.source.kind === 'bundle'
            ? 'Whoever publishes policy must sign one that can be used; what is wrong stands below.'
            : 'Run: postern policy check FILE',
      });
    }
    reasons.push(...pushTroubles(this.managedPolicy()));
    reasons.push(...gatewayProblems(policy?.compiled, this.gateway()));
    const uncovered = policy === undefined ? [] : (trust?.uncovered(policy.compiled) ?? []);
    if (uncovered.length > 0) {
      reasons.push({
        code: 'outside-name-constraints',
        text: `${uncovered.length} names of the policy lie outside what the device CA may sign for; they are tunnelled: ${uncovered.slice(0, 3).join(', ')}.`,
        mend: 'Run: postern trust renew',
      });
    }
    if (trust?.authority.renewalDue()) {
      reasons.push({
        code: 'ca-expires',
        text: `The device CA is valid until ${new Date(trust.authority.notAfterMs).toISOString().slice(0, 10)} only.`,
        mend: 'Run: postern trust renew',
      });
    }
    reasons.push(...telemetryTroubles(this.telemetry?.()));
    if (this.configProblems.length > 0) {
      reasons.push({
        code: 'config-refused',
        text: 'A changed configuration is not in force.',
        mend: 'See the problems in: postern status --json',
      });
    }
    return [...reasons, ...this.moreDegraded.flatMap((ask) => ask())];
  }
}

const toFileProblem = (notice: FileProblem): FileProblem => ({ ...notice });
