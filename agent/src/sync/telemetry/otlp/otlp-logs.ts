/** The audit log as OTLP log records: OpenTelemetry's serializers over our own durable delivery. */
import type { HrTime } from '@opentelemetry/api';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { EntryValue, OutboxRecord, Severity } from '../../../core/outbox.ts';
import type { Destination } from '../destination.ts';
import { type OtlpEndpoint, type Signal, upload } from './upload.ts';

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: INFO, INFO2, WARN, ERROR. */
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = { info: 9, notice: 10, warning: 13, error: 17 };

export type OtlpProtocol = 'http/protobuf' | 'http/json';

export function createOtlpLogs(
  endpoint: OtlpEndpoint,
  resource: Resource,
  protocol: OtlpProtocol,
): Destination {
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  const scope = { name: 'postern.audit' };
  return {
    name: 'otlp',
    format: 'entry',
    deliver(records, signal) {
      const observed = hrTime(endpoint.dateMs());
      const logs = records.map(
        (record): ReadableLogRecord => ({
          hrTime: hrTime(record.atMs),
          hrTimeObserved: observed,
          severityNumber: SEVERITY_NUMBERS[record.severity],
          severityText: record.severity.toUpperCase(),
          body: record.text,
          eventName: record.name,
          resource,
          instrumentationScope: scope,
          attributes: known(record.attributes),
          droppedAttributesCount: 0,
        }),
      );
      const rejectedIn: Signal['rejectedIn'] = (reply) =>
        Number(serializer.deserializeResponse(reply).partialSuccess?.rejectedLogRecords ?? 0);
      const contentType = contentTypeOf(protocol);
      const body = serializer.serializeRequest(logs) ?? new Uint8Array();
      return upload(endpoint, { path: '/v1/logs', contentType, body, rejectedIn }, signal);
    },
  };
}

export const contentTypeOf = (protocol: OtlpProtocol): Signal['contentType'] =>
  protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';

/** Seconds and nanoseconds; floats below a millisecond are of no use here. */
function hrTime(ms: number): HrTime {
  const whole = Math.round(ms);
  return [Math.floor(whole / 1_000), (whole % 1_000) * 1_000_000];
}

function known(attributes: OutboxRecord['attributes']): Record<string, string | number | boolean | string[]> {
  const all = Object.entries(attributes).filter(
    (entry): entry is [string, EntryValue] => entry[1] !== undefined,
  );
  return Object.fromEntries(all.map(([name, value]) => [name, isList(value) ? [...value] : value]));
}

const isList = (value: EntryValue): value is readonly string[] => Array.isArray(value);
