/**
 * Telemetry: couriers from the outbox to each destination, metrics, and the clock that drives them. Nothing of it is
 * on a call's path; while no destination is configured none of it is loaded.
 */
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { DeviceIdentity } from '../../core/device.ts';
import type { SendHttp } from '../../core/http.ts';
import type { Outbox, WorksCouncil } from '../../core/outbox.ts';
import type { ExchangeRecord } from '../../core/records.ts';
import { SEMCONV } from '../../core/semantic-conventions.ts';
import { readCredential } from '../remote-checks/credentials.ts';
import { Courier, type CourierView, GATHER_MS } from './courier.ts';
import type { DeliveryView } from './delivery-health.ts';
import type { Destination } from './destination.ts';
import type { AgentFacts } from './heartbeat.ts';
import { createMeter, type Meter } from './metrics/meter.ts';
import { MetricsUpload } from './metrics/metrics-upload.ts';
import { prometheusText } from './metrics/prometheus.ts';
import { createOtlpLogs } from './otlp/otlp-logs.ts';
import type { OtlpEndpoint } from './otlp/upload.ts';
import { Round } from './round.ts';
import { createFileSink } from './sinks/file-sink.ts';
import type { SyslogOrigin } from './sinks/rfc5424.ts';
import { syslogMessage } from './sinks/rfc5424.ts';
import { createSyslogSink, type OpenTls } from './sinks/syslog-sink.ts';
import type { SinkConfig, TelemetryConfig } from './telemetry-config.ts';

export interface TelemetryOptions {
  readonly config: TelemetryConfig;
  readonly outbox: Outbox;
  readonly device: DeviceIdentity;
  readonly resource: Resource;
  /** With a works council another one, that can't be led back to a device. */
  readonly metricsResource: Resource;
  readonly origin: SyslogOrigin;
  readonly facts: () => AgentFacts;
  readonly recordsDropped: () => number;
  readonly worksCouncil: WorksCouncil | undefined;
  readonly send: SendHttp;
  readonly openTls: OpenTls;
  readonly credentialsDirectory: string;
  /** Told once for each kind of trouble, not for each attempt. */
  readonly onTrouble: (code: string, detail: string) => void;
}

export interface Telemetry {
  /** Something was recorded: it leaves within a few seconds. Cheap, may be called for every call. */
  news(): void;
  exchange(record: ExchangeRecord): void;
  view(): TelemetryView;
  prometheus(): Promise<string>;
  /** One last attempt for what was just recorded, then silence. */
  close(withinMs: number): Promise<void>;
}

export interface TelemetryView {
  readonly destinations: readonly CourierView[];
  /** Absent where there is no collector for them. */
  readonly metrics: DeliveryView | undefined;
}

/** The audit log keeps everything; what waits to be sent of it is bounded. */
const CAP_BYTES = 100_000_000;
/** With a works council: a group of fewer calls could be one person's. */
const LEAST_CALLS = 5;

/** `os.type` has its own words (https://opentelemetry.io/docs/specs/semconv/registry/attributes/os/). */
export const resourceOf = (about: {
  readonly version: string;
  readonly deviceId: string;
  readonly host: string | undefined;
  readonly platform: NodeJS.Platform;
}): Resource =>
  resourceFromAttributes({
    'service.name': 'postern',
    'service.version': about.version,
    [SEMCONV.instanceId]: about.deviceId,
    [SEMCONV.deviceId]: about.deviceId,
    ...(about.host !== undefined && { [SEMCONV.hostName]: about.host }),
    [SEMCONV.osType]: about.platform === 'win32' ? 'windows' : about.platform,
  });

export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const telemetry = new RunningTelemetry(options);
  await telemetry.open();
  return telemetry;
}

class RunningTelemetry implements Telemetry {
  readonly #options: TelemetryOptions;
  readonly #meter: Meter;
  readonly #metrics: MetricsUpload | undefined;
  readonly #rounds: readonly Round[];
  readonly #abort = new AbortController();
  readonly #lastTrouble = new Map<string, string | undefined>();

  constructor(options: TelemetryOptions) {
    const { config, resource, metricsResource, facts, recordsDropped } = options;
    this.#options = options;
    this.#meter = createMeter({
      resource: metricsResource,
      facts,
      recordsDropped,
      couriers: () => this.#rounds.map(({ courier }) => courier.view()),
      leastCalls: config.worksCouncil ? LEAST_CALLS : 1,
    });
    const endpoint = endpointOf(options);
    this.#metrics =
      endpoint &&
      new MetricsUpload({
        endpoint,
        protocol: config.otlpProtocol,
        everyMs: config.metricsIntervalSeconds * 1_000,
        collect: () => this.#meter.collect(),
        uptimeMs: () => performance.now(),
        random: Math.random,
      });
    const destinations: Destination[] = config.sinks.map((sink) => sinkOf(sink, options));
    if (endpoint !== undefined) destinations.unshift(createOtlpLogs(endpoint, resource, config.otlpProtocol));
    this.#rounds = destinations.map((destination) => this.#roundOf(destination));
  }

  async open(): Promise<void> {
    await this.#options.outbox.open(this.#rounds.map(({ courier }) => courier.view().name));
    for (const round of this.#rounds) round.start();
    this.#metrics?.start(this.#abort.signal);
  }

  news(): void {
    for (const round of this.#rounds) round.within(GATHER_MS);
  }

  exchange(record: ExchangeRecord): void {
    this.#meter.exchange(record);
  }

  view(): TelemetryView {
    return {
      destinations: this.#rounds.map(({ courier }) => courier.view()),
      metrics: this.#metrics?.view(),
    };
  }

  async prometheus(): Promise<string> {
    const collected: ResourceMetrics = await this.#meter.collect();
    return prometheusText(collected);
  }

  async close(withinMs: number): Promise<void> {
    const late = setTimeout(() => this.#abort.abort(new Error('the agent is stopping')), withinMs);
    await Promise.all([
      ...this.#rounds.map((round) => round.finish()),
      this.#metrics?.finish(this.#abort.signal),
    ]);
    clearTimeout(late);
    this.#abort.abort(new Error('the agent is stopping'));
    await this.#meter.close();
  }

  #roundOf(destination: Destination): Round {
    const { outbox, device, facts, worksCouncil, config } = this.#options;
    const courier = new Courier({
      outbox,
      destination,
      device,
      facts,
      worksCouncil,
      heartbeatMs: config.heartbeatSeconds * 1_000,
      capBytes: CAP_BYTES,
      uptimeMs: () => performance.now(),
      dateMs: () => Date.now(),
      random: Math.random,
    });
    return new Round(courier, this.#abort.signal, () => this.#tellTrouble(courier.view()));
  }

  /** Not of refused records, which status and heartbeats count: each would make another record, perhaps refused too. */
  #tellTrouble({ name, problem, failuresInRow }: CourierView): void {
    const trouble = failuresInRow > 0 ? problem : undefined;
    if (trouble?.code === this.#lastTrouble.get(name)) return;
    this.#lastTrouble.set(name, trouble?.code);
    if (trouble !== undefined) this.#options.onTrouble(`telemetry-${trouble.code}`, trouble.text);
  }
}

function endpointOf({
  config,
  send,
  device,
  credentialsDirectory,
}: TelemetryOptions): OtlpEndpoint | undefined {
  if (config.otlpEndpoint === undefined) return undefined;
  return {
    baseUrl: new URL(config.otlpEndpoint),
    send,
    device,
    dateMs: () => Date.now(),
    headers: () =>
      Object.fromEntries(
        Object.entries(config.headers).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : readCredential(value.file, credentialsDirectory),
        ]),
      ),
  };
}

function sinkOf(sink: SinkConfig, { origin, openTls }: TelemetryOptions): Destination {
  const format = sink.format === 'rfc5424' ? 'entry' : sink.format;
  if (sink.type === 'syslog') {
    return createSyslogSink({ host: sink.host, port: sink.port, format, origin, openTls });
  }
  return createFileSink({
    file: sink.path,
    format,
    maxBytes: sink.maxMegabytes * 1_000_000,
    keep: sink.keep,
    line: sink.format === 'rfc5424' ? (record) => syslogMessage(record, origin) : ({ text }) => text,
  });
}
