/**
 * Metrics on their way out, every so often. They are sums since the agent's start, so an upload that fails loses
 * nothing that the next one doesn't tell.
 */
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { BackoffLimits } from '../backoff.ts';
import { DeliveryHealth, type DeliveryView } from '../delivery-health.ts';
import { contentTypeOf, type OtlpProtocol } from '../otlp/otlp-logs.ts';
import { type OtlpEndpoint, upload } from '../otlp/upload.ts';
import { BornAtZero } from './born-at-zero.ts';

const TIMEOUT_MS = 30_000;
/** Unless the collector asks for more patience, however seldom metrics are sent when all is well. */
const LAST_RETRY_MS = 300_000;

export interface MetricsUploadOptions {
  readonly endpoint: OtlpEndpoint;
  readonly protocol: OtlpProtocol;
  readonly everyMs: number;
  readonly collect: () => Promise<ResourceMetrics>;
  readonly uptimeMs: () => number;
  readonly random: () => number;
}

export class MetricsUpload {
  readonly #options: MetricsUploadOptions;
  readonly #health: DeliveryHealth;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  readonly #born = new BornAtZero();

  constructor(options: MetricsUploadOptions) {
    this.#options = options;
    const { endpoint, uptimeMs, random, everyMs } = options;
    const limits: BackoffLimits = { firstMs: Math.min(everyMs, LAST_RETRY_MS), lastMs: LAST_RETRY_MS };
    this.#health = new DeliveryHealth({ uptimeMs, random, dateMs: endpoint.dateMs }, limits);
  }

  /** The first time a little after the start, so that a fleet that is switched on at nine doesn't come all at once. */
  start(abort: AbortSignal): void {
    const { everyMs, random } = this.#options;
    this.#later(everyMs * (0.2 + 0.8 * random()), abort);
  }

  /** What was counted since the last upload still goes out, unless the collector is in trouble anyway. */
  async finish(abort: AbortSignal): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (this.#health.waitMs() > 0) return;
    await this.#guarded(async () => {
      await this.#upload(await this.#options.collect(), abort);
      return 0;
    });
  }

  view(): DeliveryView {
    return this.#health.view();
  }

  #later(ms: number, abort: AbortSignal): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.step(abort).then((waitMs) => this.#later(waitMs, abort));
    }, ms);
    this.#timer.unref();
  }

  /** Uploads what there is; resolves with how long to wait. Never rejects. */
  step(abort: AbortSignal): Promise<number> {
    return this.#guarded(async () => {
      const { metrics, delivered } = this.#born.firstly(await this.#options.collect());
      const waitMs = await this.#upload(metrics, abort);
      if (waitMs === undefined) delivered();
      return waitMs ?? this.#options.everyMs;
    });
  }

  async #guarded(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#health.failed({ code: 'metrics-failed', text: `Metrics could not be collected: ${why}` });
    }
  }

  /** Undefined once they are delivered, else how long to wait. */
  async #upload(metrics: ResourceMetrics, abort: AbortSignal): Promise<number | undefined> {
    const { endpoint, protocol } = this.#options;
    const serializer = protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
    const result = await upload(
      endpoint,
      {
        path: '/v1/metrics',
        contentType: contentTypeOf(protocol),
        body: serializer.serializeRequest(metrics) ?? new Uint8Array(),
        rejectedIn: (reply) =>
          Number(serializer.deserializeResponse(reply).partialSuccess?.rejectedDataPoints ?? 0),
      },
      AbortSignal.any([abort, AbortSignal.timeout(TIMEOUT_MS)]),
    );
    if (result.type === 'later') return this.#health.failed(result.problem, result.retryAfterMs);
    if (result.type === 'unacceptable') return this.#health.failed(result.problem);
    this.#health.succeeded(result.problem, true);
    return undefined;
  }
}
