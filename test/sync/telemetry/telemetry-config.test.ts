import { describe, expect, it } from 'vitest';
import { telemetrySchema } from '../../../agent/src/sync/telemetry/telemetry-config.ts';

const problemOf = (value: object): string | undefined =>
  telemetrySchema
    .safeParse(value)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join();

const FILE = { type: 'file', path: '/var/log/a.log' };
const SERVER = { type: 'syslog', host: 'siem.example.com' };

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
    [{ sinks: [FILE, { ...FILE, path: '/var/log/other.log' }] }, undefined],
    [{ sinks: [SERVER, { ...SERVER, port: 6515 }, FILE] }, undefined],
    [{ sinks: [FILE, SERVER, FILE] }, /^sinks.2.path: is the same file as telemetry.sinks.0$/],
    [
      { sinks: [FILE, { ...FILE, path: '/var/log/x/../a.log', format: 'cef' }] },
      /sinks.1.path: is the same file/,
    ],
    [{ sinks: [SERVER, { ...SERVER, host: 'SIEM.example.com.' }] }, /sinks.1.host: is the same server/],
    [{ sinks: [SERVER, { ...SERVER, port: 6514, format: 'cef' }] }, /sinks.1.host: is the same server/],
    [{ sinks: [FILE, { ...FILE, path: '/var/log/a.log.2' }] }, /sinks.1.path: is one of the files/],
    [{ sinks: [{ type: 'carrier-pigeon' }] }, /sinks.0.type/],
    [{ metricsIntervalSeconds: 1 }, /metricsIntervalSeconds/],
  ])('%j', (value, expected) => {
    if (expected === undefined) expect(problemOf(value)).toBeUndefined();
    else expect(problemOf(value)).toMatch(expected);
  });
});
