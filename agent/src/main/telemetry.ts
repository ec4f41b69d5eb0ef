/** Joins telemetry (`sync/`) with what it tells of: the log, the agent's state, and the way out of the device. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { DeviceIdentity } from '../core/device.ts';
import type { Governor } from '../core/flow.ts';
import type { WorksCouncil } from '../core/outbox.ts';
import type { ExchangeRecord } from '../core/records.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { Outgoing } from '../intercept/ports.ts';
import type { HomeFiles } from '../platform/home.ts';
import type { Records } from '../record/records-contract.ts';
import type { AgentFacts, AppCoverage } from '../sync/telemetry/heartbeat.ts';
import type { Telemetry } from '../sync/telemetry/telemetry.ts';
import type { AgentState } from './agent-state.ts';
import { Coverage } from './coverage.ts';
import { sendThrough } from './send-http.ts';
import { telemetryStatus } from './telemetry-status.ts';

export interface TelemetryParts {
  readonly state: AgentState;
  readonly files: HomeFiles;
  readonly version: string;
  readonly policy: () => CompiledPolicy;
  readonly records: Records;
  readonly outgoing: Outgoing;
  /** Signs what is uploaded. */
  readonly device: DeviceIdentity;
  /** Makes people's pseudonyms; asked only with a works council. */
  readonly pseudonymKey: () => string;
}

export interface AgentTelemetry {
  observes(governor: Governor): Governor;
  exchange(record: ExchangeRecord): void;
  /** Something was recorded. */
  news(): void;
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

/** The agent has 5 s to end, of which calls may take half. */
const CLOSE_WITHIN_MS = 1_000;

/** Without a collector, metrics are counted from the first time that somebody asks for them, and nothing else is done. */
export async function openAgentTelemetry(parts: TelemetryParts): Promise<AgentTelemetry> {
  const { state, policy } = parts;
  const { config } = state.settings;
  const configured = config.telemetry.otlpEndpoint !== undefined || config.telemetry.sinks.length > 0;
  const coverage = new Coverage({
    serviceOf: (host) => policy().locate(host, 'GET', '/', false)?.service.id,
    appOf: (process) => policy().identifyApp([], process).id,
  });
  let running: Promise<Telemetry> | undefined;
  let telemetry: Telemetry | undefined;
  const start = (): Promise<Telemetry> => {
    running ??= openTelemetryOf(parts, coverage).then((opened) => {
      telemetry = opened;
      return opened;
    });
    return running;
  };
  if (configured) {
    const opened = await start();
    state.telemetry = () => telemetryStatus(opened.view(), config.telemetry.worksCouncil);
  } else {
    // What is recorded while nothing is to leave the device isn't sent later either.
    await parts.records.outbox
      .open([])
      .catch((error: unknown) => state.note('telemetry-places-kept', String(error)));
  }
  return {
    observes: (governor) => (configured ? coverage.observes(governor) : governor),
    exchange(record) {
      if (telemetry === undefined) return;
      coverage.exchange(record);
      telemetry.exchange(record);
    },
    news: () => telemetry?.news(),
    metricsText: async () => (await start()).prometheus(),
    async close() {
      // What was just recorded, the end of the agent itself included, still goes out with the last batch.
      if (telemetry === undefined) return;
      await parts.records
        .flush()
        .catch((error: unknown) => state.note('telemetry-last-batch', String(error)));
      await telemetry.close(CLOSE_WITHIN_MS);
    },
  };
}

async function openTelemetryOf(parts: TelemetryParts, coverage: Coverage): Promise<Telemetry> {
  const { state, files, version, records, outgoing, pseudonymKey } = parts;
  const config = state.settings.config.telemetry;
  const { openTelemetry, resourceOf } = await import('../sync/telemetry/telemetry.ts');
  const device = parts.device;
  const worksCouncil: WorksCouncil | undefined = config.worksCouncil
    ? { key: pseudonymKey(), deviceId: device.id }
    : undefined;
  const host = worksCouncil === undefined ? hostname() : undefined;
  const about = { version, deviceId: device.id, host, platform: process.platform };
  const resource = resourceOf(about);
  return openTelemetry({
    config,
    outbox: records.outbox,
    device,
    worksCouncil,
    resource,
    // Figures by device are figures by person: with a works council each start is somebody new.
    metricsResource: worksCouncil === undefined ? resource : resourceOf({ ...about, deviceId: randomUUID() }),
    origin: { host: host ?? device.id, version, processId: process.pid },
    facts: () => factsOf(state, coverage, worksCouncil !== undefined),
    recordsDropped: () => records.health().dropped,
    send: sendThrough(outgoing, { configured: true }),
    openTls: ({ host: name, port }, signal) =>
      outgoing.openTls({ host: name, port, configured: true }, [], signal),
    credentialsDirectory: files.credentialsDirectory,
    onTrouble: (code, detail) => state.incident(code, detail),
  });
}

function factsOf(state: AgentState, coverage: Coverage, worksCouncil: boolean): AgentFacts {
  const { process: own, state: word, policy, degraded } = state.status();
  return {
    version: own.version,
    state: word,
    startedAtMs: own.startedAtMs,
    policy: { name: policy.name, revision: policy.revision },
    degraded: degraded.map(({ code }) => code),
    coverage: worksCouncil ? coverage.list().map(withoutCounts) : coverage.list(),
  };
}

/** That an app is used, not how much. */
const withoutCounts = ({ app, service, governed, tunnelled, uncovered }: AppCoverage): AppCoverage => ({
  app,
  service,
  governed: Math.min(governed, 1),
  tunnelled: Math.min(tunnelled, 1),
  uncovered: Math.min(uncovered, 1),
});
