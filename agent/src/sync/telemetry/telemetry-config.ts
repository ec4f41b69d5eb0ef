/** What leaves the device about it, and where to. */
import { z } from 'zod';
import { isLoopbackHttp } from '../../core/http.ts';
import { fileName, samePlace, syslogName } from './sinks/sink-name.ts';

const endpoint = z
  .string()
  .refine(
    (text) => URL.canParse(text) && (new URL(text).protocol === 'https:' || isLoopbackHttp(new URL(text))),
    {
      message: 'must be an https URL (plain http only to this machine)',
    },
  )
  .refine((text) => URL.canParse(text) && new URL(text).username === '' && new URL(text).search === '', {
    message: 'must hold neither credentials nor a query; put credentials into telemetry.headers',
  });

/** A name in `credentials/` of the agent's home, or an absolute path; or the value itself in a file that others can't read. */
const headerValue = z.union([
  z
    .string()
    .min(1)
    .regex(/^[\t\x20-\x7e]+$/, 'must be printable ASCII'),
  z.strictObject({ file: z.string().min(1).max(500) }),
]);

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of an HTTP header');

const lineFormat = z.enum(['rfc5424', 'cef', 'ocsf', 'jsonl']);

const syslog = z.strictObject({
  type: z.literal('syslog'),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(6514),
  format: lineFormat.default('rfc5424'),
});

const absolute = z.string().regex(/^(?:\/|[A-Za-z]:[\\/]|\\\\)/, 'must be an absolute path');

const file = z.strictObject({
  type: z.literal('file'),
  path: absolute,
  format: lineFormat.default('jsonl'),
  maxMegabytes: z.number().min(1).max(10_000).default(10),
  keep: z.int().min(0).max(100).default(5),
});

const sink = z.discriminatedUnion('type', [syslog, file]);
type Sink = z.infer<typeof sink>;

const nameOf = (one: Sink): string =>
  one.type === 'file' ? fileName(one.path) : syslogName(one.host, one.port);
const namesOf = (one: Sink): string[] => [
  nameOf(one),
  ...(one.type === 'file'
    ? Array.from({ length: one.keep }, (_, index) => `${nameOf(one)}.${index + 1}`)
    : []),
];

interface Twin {
  readonly index: number;
  readonly message: string;
}

/** Each has one place in the log: two for the same server or file would share it, and each get a part. */
function twinsAmong(sinks: readonly Sink[]): Twin[] {
  return sinks.flatMap((one, index) =>
    sinks.slice(0, index).flatMap((other, before): Twin[] => {
      const shared = namesOf(one).some((name) => namesOf(other).some((taken) => samePlace(name, taken)));
      if (!shared) return [];
      const same = samePlace(nameOf(one), nameOf(other));
      const message = same
        ? `is the same ${thingOf(one)} as telemetry.sinks.${before}`
        : `is one of the files that telemetry.sinks.${before} or this one becomes when it is rotated`;
      return [{ index, message }];
    }),
  );
}

const thingOf = ({ type }: Sink): string => (type === 'file' ? 'file' : 'server');

const sinkList = z
  .array(sink)
  .max(8)
  .superRefine((sinks, context) => {
    for (const { index, message } of twinsAmong(sinks)) {
      const one = sinks[index];
      if (one === undefined) continue;
      const path = [index, one.type === 'file' ? 'path' : 'host'];
      const mend = `Name each ${thingOf(one)} once; for another format take another ${thingOf(one)}.`;
      context.addIssue({ code: 'custom', path, message, params: { mend } });
    }
  });

export const telemetrySchema = z
  .strictObject({
    /** Base address of an OTLP/HTTP collector, without `/v1/logs`. */
    otlpEndpoint: endpoint.optional(),
    otlpProtocol: z.enum(['http/protobuf', 'http/json']).default('http/protobuf'),
    headers: z.record(headerName, headerValue).default({}),
    metricsIntervalSeconds: z.int().min(5).max(86_400).default(60),
    heartbeatSeconds: z.int().min(5).max(3_600).default(60),
    sinks: sinkList.default([]),
    /** No person's work can be measured from what is sent. */
    worksCouncil: z.boolean().default(false),
  })
  .refine(({ otlpEndpoint, headers }) => otlpEndpoint !== undefined || Object.keys(headers).length === 0, {
    message: 'are sent with otlpEndpoint, which is not set',
    path: ['headers'],
  });

export type TelemetryConfig = z.infer<typeof telemetrySchema>;
export type SinkConfig = TelemetryConfig['sinks'][number];
