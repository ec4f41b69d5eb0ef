/**
 * Syslog over TLS (RFC 5425). The protocol knows no acknowledgement, so each batch gets a connection of its own and
 * counts as delivered once the server, having read to our end, closes too: then its TCP has every byte.
 */
import type { Duplex } from 'node:stream';
import type { DeliveryResult, Destination } from '../destination.ts';
import { problemOfError } from '../problems.ts';
import { octetCounted, type SyslogOrigin, syslogMessage } from './rfc5424.ts';

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
    name: `syslog:${where}`,
    format,
    async deliver(records, signal): Promise<DeliveryResult> {
      try {
        const socket = await openTls({ host, port }, signal);
        await sendAll(
          socket,
          records.map((record) => octetCounted(syslogMessage(record, origin))),
          signal,
        );
        return { type: 'delivered', rejected: 0 };
      } catch (error) {
        return { type: 'later', problem: problemOfError(error, where) };
      }
    },
  };
}

const sendAll = (socket: Duplex, messages: readonly Buffer[], signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    let ended = false;
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('end', () => {
      ended = true;
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      if (ended && socket.writableFinished) resolve();
      else reject(new Error('the server broke the connection off'));
    });
    // It says nothing; reading is how its end is noticed.
    socket.resume();
    if (signal.aborted) onAbort();
    else socket.end(Buffer.concat(messages));
  });
