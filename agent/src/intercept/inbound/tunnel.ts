/** Blind tunnels: bytes pass untouched, half-closes and resets included. */
import { isIP, type Socket } from 'node:net';
import type { Authority } from '../../core/connection.ts';
import { OutgoingError } from '../ports.ts';
import { sendLastAnswer } from './answers.ts';
import { ignore } from './client.ts';
import { readClientHello } from './client-hello.ts';
import type { Edge } from './edge.ts';
import { TunnelReads } from './tunnel-reads.ts';

export const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** How long, and how much, is waited for a ClientHello before the client is taken to listen for a server's greeting. */
const PEEK_MS = 300;
const PEEK_BYTES = 16_384;

/** Told the server name that a tunnel to an IP address asked for, and the bytes read for it; true takes both over. */
export type TakeOver = (serverName: string, seen: Buffer) => boolean;

/** Connects, answers the CONNECT, and joins both sides; `takeOver` is asked for targets that are IP addresses. */
export function openTunnel(
  edge: Edge,
  target: Authority,
  client: Socket,
  head: Buffer,
  takeOver: TakeOver | undefined,
): void {
  const dialling = new AbortController();
  const onClose = (): void => dialling.abort();
  client.once('close', onClose);
  const reads = new TunnelReads();
  edge.options.outgoing.openTunnel(target, dialling.signal, reads).then(
    (upstream) => {
      client.off('close', onClose);
      upstream.on('error', ignore); // join() or 'close' deals with it
      if (client.destroyed) return void upstream.destroy();
      client.write(ESTABLISHED);
      if (takeOver === undefined || isIP(target.host) === 0) return join(edge, client, upstream, head, reads);
      peekServerName(client, head, (serverName, seen) => {
        if (client.destroyed) return void upstream.destroy();
        if (serverName !== undefined && takeOver(serverName, seen)) {
          upstream.destroy();
          return;
        }
        join(edge, client, upstream, seen, reads);
      });
    },
    (error: unknown) => {
      client.off('close', onClose);
      refuseTunnel(client, target, error);
    },
  );
}

function refuseTunnel(client: Socket, target: Authority, error: unknown): void {
  const code = error instanceof OutgoingError ? error.code : 'connect-failed';
  const reason = error instanceof Error ? error.message : String(error);
  const status = code === 'target-forbidden' ? 403 : code.endsWith('-timeout') ? 504 : 502;
  sendLastAnswer(
    client,
    status,
    `Postern could not connect to ${target.host}:${target.port} (${code}): ${reason}`,
  );
}

/** Calls back once with the server name, if there is one, and the bytes read so far (put back by `join`). */
function peekServerName(
  client: Socket,
  head: Buffer,
  done: (serverName: string | undefined, seen: Buffer) => void,
): void {
  let seen = head;
  const settle = (serverName: string | undefined): void => {
    clearTimeout(timer);
    client.off('data', onData);
    client.off('end', onEnd);
    client.off('close', onEnd);
    client.pause();
    done(serverName, seen);
  };
  const read = (): boolean => {
    if (seen.length === 0) return false;
    const hello = readClientHello(seen);
    if (hello.type === 'incomplete' && seen.length < PEEK_BYTES) return false;
    settle(hello.type === 'hello' ? hello.serverName : undefined);
    return true;
  };
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    read();
  };
  const onEnd = (): void => settle(undefined);
  const timer = setTimeout(settle, PEEK_MS, undefined);
  if (read()) return;
  client.on('data', onData);
  client.on('end', onEnd);
  client.on('close', onEnd);
}

function join(edge: Edge, client: Socket, upstream: Socket, head: Buffer, reads: TunnelReads): void {
  edge.counters.tunnels++;
  edge.gauges.tunnels++;
  let open = 2;
  const closed = (): void => {
    open--;
    if (open === 0) edge.gauges.tunnels--;
  };
  if (head.length > 0) upstream.write(head);
  follow(client, upstream, closed, undefined);
  follow(upstream, client, closed, reads.used ? reads : undefined);
}

/** `to` gets what `from` sends, its FIN as a FIN, and its reset as a reset. */
function follow(from: Socket, to: Socket, closed: () => void, reads: TunnelReads | undefined): void {
  // A FIN that arrived while peeking has been consumed: pipe() would never see it.
  if (from.readableEnded) to.end();
  else if (reads !== undefined) reads.join(from, to);
  else from.pipe(to);
  from.on('close', (hadError) => {
    closed();
    // Both directions done is the only clean way to close; anything else must not look like one.
    if (!to.destroyed && (hadError || !from.readableEnded || !from.writableFinished)) to.resetAndDestroy();
  });
}
