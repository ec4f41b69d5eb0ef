/** Syslog over TLS (RFC 5425): each batch on a connection of its own. */
import type { Duplex } from 'node:stream';
import type { DeliveryResult, Destination } from '../destination.ts';
import { problemOfError } from '../problems.ts';
import { deliverAll } from './deliver-all.ts';
import { octetCounted, type SyslogOrigin, syslogMessage } from './rfc5424.ts';
import { syslogName } from './sink-name.ts';

/** A verified TLS connection by the same way as everything else that leaves the device. */
export type OpenTls = (
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
) => Promise<Duplex>;

export interface SyslogSinkOptions {
  readonly host: string;
  readonly port: number;
  readonly format: Destination['format'];
  readonly origin: SyslogOrigin;
  readonly openTls: OpenTls;
}

export function createSyslogSink({ host, port, format, origin, openTls }: SyslogSinkOptions): Destination {
  const where = `${host}:${port}`;
  return {
    name: syslogName(host, port),
    format,
    async deliver(records, signal): Promise<DeliveryResult> {
      try {
        const startedAtMs = performance.now();
        const socket = await openTls({ host, port }, signal);
        const messages = records.map((record) => octetCounted(syslogMessage(record, origin)));
        await deliverAll(socket, Buffer.concat(messages), performance.now() - startedAtMs, signal);
        return { type: 'delivered', rejected: 0 };
      } catch (error) {
        return { type: 'later', problem: problemOfError(error, where) };
      }
    },
  };
}
