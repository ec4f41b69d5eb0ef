/**
 * Reads OTLP logs from protobuf, independently of the library that writes them
 * (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto).
 */
import type { ReceivedLog } from './otlp-receiver.ts';

type Field = { readonly number: number; readonly bytes: Buffer; readonly value: bigint };

/** https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    const kind = tag & 7;
    const none = Buffer.alloc(0);
    if (kind === 0) fields.push({ number, bytes: none, value: varint() });
    else if (kind === 1) {
      fields.push({ number, bytes: bytes.subarray(at, at + 8), value: bytes.readBigUInt64LE(at) });
      at += 8;
    } else if (kind === 5) {
      fields.push({ number, bytes: none, value: BigInt(bytes.readUInt32LE(at)) });
      at += 4;
    } else if (kind === 2) {
      const length = Number(varint());
      fields.push({ number, bytes: bytes.subarray(at, at + length), value: 0n });
      at += length;
    } else throw new Error(`wire type ${kind}`);
  }
  return fields;
}

const all = (bytes: Buffer, number: number): Buffer[] =>
  fieldsOf(bytes).flatMap((field) => (field.number === number ? [field.bytes] : []));
const first = (bytes: Buffer, number: number): Field | undefined =>
  fieldsOf(bytes).find((field) => field.number === number);

/** AnyValue: 1 string, 2 bool, 3 int, 4 double, 5 array. */
function anyValue(bytes: Buffer): unknown {
  const field = fieldsOf(bytes)[0];
  if (field?.number === 1) return field.bytes.toString();
  if (field?.number === 2) return field.value === 1n;
  if (field?.number === 3) return Number(field.value);
  if (field?.number === 4) return field.bytes.readDoubleLE();
  return field?.number === 5 ? all(field.bytes, 1).map(anyValue) : undefined;
}

const attributesIn = (bytes: Buffer, number: number): Record<string, unknown> =>
  Object.fromEntries(
    all(bytes, number).map((pair) => [
      first(pair, 1)?.bytes.toString() ?? '',
      anyValue(first(pair, 2)?.bytes ?? Buffer.alloc(0)),
    ]),
  );

/** LogRecord: 1 time, 2 severity, 5 body, 6 attributes, 12 event name. */
export const logsFromProtobuf = (body: Buffer): ReceivedLog[] =>
  all(body, 1).flatMap((resourceLogs) => {
    const resource = attributesIn(first(resourceLogs, 1)?.bytes ?? Buffer.alloc(0), 1);
    return all(resourceLogs, 2).flatMap((scopeLogs) =>
      all(scopeLogs, 2).map((record) => ({
        name: first(record, 12)?.bytes.toString() ?? '',
        text: String(anyValue(first(record, 5)?.bytes ?? Buffer.alloc(0))),
        atMs: Number((first(record, 1)?.value ?? 0n) / 1_000_000n),
        severity: Number(first(record, 2)?.value ?? 0n),
        attributes: attributesIn(record, 6),
        resource,
      })),
    );
  });
