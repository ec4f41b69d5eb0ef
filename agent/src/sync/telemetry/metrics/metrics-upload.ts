/**
 * Metrics on their way out, every so often. They are sums since the agent's start, so an upload that fails loses
 * nothing that the next one doesn't tell.
 */
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { retryDelayMs } from '../backoff.ts';
import type { DeliveryProblem } from '../destination.ts';
import { contentTypeOf, type OtlpProtocol } from '../otlp/otlp-logs.ts';
import { type OtlpEndpoint, upload } from '../otlp/upload.ts';

const TIMEOUT_MS = 30_000;
const LAST_RETRY_MS = 3_600_000;

export class MetricsUpload {
  readonly #endpoint: OtlpEndpoint;
  readonly #protocol: OtlpProtocol;
  readonly #everyMs: number;
  readonly #collect: () => Promise<ResourceMetrics>;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  lastUploadAtMs: number | undefined;
  problem: DeliveryProblem | undefined;

  constructor(
    endpoint: OtlpEndpoint,
    protocol: OtlpProtocol,
    everyMs: number,
    collect: () => Promise<ResourceMetrics>,
  ) {
    this.#endpoint = endpoint;
    this.#protocol = protocol;
    this.#everyMs = everyMs;
    this.#collect = collect;
  }

  /** The first time a little after the start, so that a fleet that is switched on at nine doesn't come all at once. */
  start(abort: AbortSignal): void {
    this.#later(this.#everyMs * (0.2 + 0.8 * Math.random()), abort);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #later(ms: number, abort: AbortSignal): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#upload(abort).then((waitMs) => this.#later(waitMs, abort));
    }, ms);
    this.#timer.unref();
  }

  /** Resolves with how long to wait; never rejects. */
  async #upload(abort: AbortSignal): Promise<number> {
    const { dateMs } = this.#endpoint;
    const serializer = this.#protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
    try {
      const result = await upload(
        this.#endpoint,
        {
          path: '/v1/metrics',
          contentType: contentTypeOf(this.#protocol),
          body: serializer.serializeRequest(await this.#collect()) ?? new Uint8Array(),
          rejectedIn: (reply) =>
            Number(serializer.deserializeResponse(reply).partialSuccess?.rejectedDataPoints ?? 0),
        },
        AbortSignal.any([abort, AbortSignal.timeout(TIMEOUT_MS)]),
      );
      this.problem = result.problem;
      if (result.type === 'delivered') {
        this.#failures = 0;
        this.lastUploadAtMs = dateMs();
        return this.#everyMs;
      }
      return this.#wait(result.type === 'later' ? result.retryAfterMs : undefined);
    } catch (error) {
      this.problem = { code: 'metrics-failed', text: `Metrics could not be collected: ${String(error)}` };
      return this.#wait(undefined);
    }
  }

  #wait(retryAfterMs: number | undefined): number {
    this.#failures++;
    const limits = { firstMs: this.#everyMs, lastMs: Math.max(this.#everyMs, LAST_RETRY_MS) };
    return retryDelayMs(this.#failures, Math.random(), retryAfterMs, limits);
  }
}
