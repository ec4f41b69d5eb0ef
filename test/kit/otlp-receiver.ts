/** An OTLP/HTTP collector over TLS that understands what it is sent, JSON and protobuf, and answers as it is told. */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { logsFromProtobuf } from './otlp-protobuf.ts';
import type { IssuedCertificate } from './pki.ts';

export interface ReceivedLog {
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
  readonly severity: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly {
    readonly value: number;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: https.RequestOptions['headers'] & Readonly<Record<string, unknown>>;
  /** As it came over the wire. */
  readonly raw: Buffer;
  /** Unpacked. */
  readonly body: Buffer;
}

export interface OtlpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The connection is broken off instead, after the request was read. */
  readonly hangUp?: boolean;
}

export interface OtlpReceiver {
  readonly port: number;
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** Of every request that was answered with 2xx, in the order in which they came. */
  readonly logs: ReceivedLog[];
  /** The newest collection, by name. */
  readonly metrics: Map<string, Metric>;
  answer: (request: ReceivedRequest) => OtlpAnswer | Promise<OtlpAnswer>;
  close(): Promise<void>;
}

export async function startOtlpReceiver(certificate: IssuedCertificate): Promise<OtlpReceiver> {
  const server = https.createServer({ key: certificate.key, cert: certificate.cert });
  const receiver: Omit<OtlpReceiver, 'port' | 'url' | 'close'> = {
    requests: [],
    logs: [],
    metrics: new Map(),
    answer: () => ({}),
  };
  server.on('request', async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const received: ReceivedRequest = { path: request.url ?? '', headers: request.headers, raw, body };
    receiver.requests.push(received);
    const answer = await receiver.answer(received);
    const status = answer.status ?? 200;
    const type = String(request.headers['content-type']);
    if (status < 300 && answer.headers?.['content-type'] !== 'text/html') keep(receiver, received, type);
    if (answer.hangUp) {
      request.socket.destroy();
      return;
    }
    const empty = type === 'application/json' ? '{}' : '';
    response.writeHead(status, { 'content-type': type, ...answer.headers }).end(answer.body ?? empty);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    port,
    url: `https://localhost:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function keep(
  receiver: Pick<OtlpReceiver, 'logs' | 'metrics'>,
  { path, body }: ReceivedRequest,
  type: string,
): void {
  if (path.endsWith('/v1/logs')) {
    receiver.logs.push(...(type === 'application/json' ? logsFromJson(body) : logsFromProtobuf(body)));
  } else if (path.endsWith('/v1/metrics') && type === 'application/json') {
    for (const metric of metricsFromJson(body)) receiver.metrics.set(metric.name, metric);
  }
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface JsonValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly JsonValue[] };
}
type JsonAttributes = readonly { readonly key: string; readonly value: JsonValue }[];

function plainValue(value: JsonValue): unknown {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
}

const attributesOf = (attributes: JsonAttributes = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));

interface JsonLogs {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: JsonAttributes };
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly timeUnixNano: string;
        readonly severityNumber: number;
        readonly eventName: string;
        readonly body: JsonValue;
        readonly attributes: JsonAttributes;
      }[];
    }[];
  }[];
}

function logsFromJson(body: Buffer): ReceivedLog[] {
  const { resourceLogs } = JSON.parse(body.toString()) as JsonLogs;
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((record) => ({
        name: record.eventName,
        text: String(plainValue(record.body)),
        atMs: Number(BigInt(record.timeUnixNano) / 1_000_000n),
        severity: record.severityNumber,
        attributes: attributesOf(record.attributes),
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

interface JsonPoints {
  readonly dataPoints: readonly {
    readonly asInt?: string | number;
    readonly asDouble?: number;
    readonly count?: string | number;
    readonly attributes?: JsonAttributes;
  }[];
}

interface JsonMetrics {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly unit: string;
        readonly sum?: JsonPoints;
        readonly gauge?: JsonPoints;
        readonly histogram?: JsonPoints;
      }[];
    }[];
  }[];
}

function metricsFromJson(body: Buffer): Metric[] {
  const { resourceMetrics } = JSON.parse(body.toString()) as JsonMetrics;
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ name, unit, sum, gauge, histogram }) => ({
        name,
        unit,
        points: (sum ?? gauge ?? histogram ?? { dataPoints: [] }).dataPoints.map((point) => ({
          value: Number(point.asInt ?? point.asDouble ?? point.count),
          attributes: attributesOf(point.attributes),
        })),
      })),
    ),
  );
}
