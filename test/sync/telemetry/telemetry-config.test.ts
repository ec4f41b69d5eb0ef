import { describe, expect, it } from 'vitest';
import { telemetrySchema } from '../../../agent/src/sync/telemetry/telemetry-config.ts';

const problemOf = (value: object): string | undefined =>
  telemetrySchema
    .safeParse(value)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join();

describe('telemetry in the configuration', () => {
  it('is off unless something is named, and has sensible defaults', () => {
    expect(telemetrySchema.parse({})).toEqual({
      otlpProtocol: 'http/protobuf',
      headers: {},
      metricsIntervalSeconds: 60,
      heartbeatSeconds: 60,
      sinks: [],
      worksCouncil: false,
    });
    expect(telemetrySchema.parse({ sinks: [{ type: 'syslog', host: 'siem.example.com' }] }).sinks).toEqual([
      { type: 'syslog', host: 'siem.example.com', port: 6514, format: 'rfc5424' },
    ]);
  });

  it.each([
    [{ otlpEndpoint: 'https://otel.example.com' }, undefined],
    [{ otlpEndpoint: 'http://127.0.0.1:4318', headers: { 'x-key': { file: 'collector-key' } } }, undefined],
    [{ otlpEndpoint: 'http://otel.example.com' }, /otlpEndpoint: must be an https URL/],
    [{ otlpEndpoint: 'https://u:p@otel.example.com' }, /put credentials into telemetry.headers/],
    [{ otlpEndpoint: 'https://otel.example.com/?key=1' }, /put credentials into telemetry.headers/],
    [{ headers: { a: 'b' } }, /headers: are sent with otlpEndpoint/],
    [{ otlpEndpoint: 'https://a.b', headers: { a: 'b\r\nc: d' } }, /headers.a: /],
    [{ otlpEndpoint: 'https://a.b', headers: { 'a b': 'c' } }, /headers/],
    [{ sinks: [{ type: 'file', path: 'relative.log' }] }, /sinks.0.path: must be an absolute path/],
    [{ sinks: [{ type: 'carrier-pigeon' }] }, /sinks.0.type/],
    [{ metricsIntervalSeconds: 1 }, /metricsIntervalSeconds/],
  ])('%j', (value, expected) => {
    if (expected === undefined) expect(problemOf(value)).toBeUndefined();
    else expect(problemOf(value)).toMatch(expected);
  });
});
