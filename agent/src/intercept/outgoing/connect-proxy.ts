import type { Socket } from 'node:net';
import type { OutgoingError } from '../ports.ts';
import { within } from './deadline.ts';
import { nodeCode, outgoingError } from './errors.ts';
import { hostAndPort, type ProxyEndpoint, proxyAuthorization } from './proxy-url.ts';

/** A proxy's answer to CONNECT has no business being larger, whatever error page follows. */
const MAX_HEAD_BYTES = 16_384;

export interface ConnectRequest {
  readonly proxy: ProxyEndpoint;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks the proxy behind `socket` for a tunnel (RFC 9110 section 9.3.6). Afterwards the socket carries the target's
 * bytes; any that came with the answer are still to be read from it. On failure the socket is destroyed and the
 * promise rejects with `proxy-auth`, `proxy-refused`, `connect-timeout` or `aborted`.
 */
export async function openProxyTunnel(socket: Socket, request: ConnectRequest): Promise<void> {
  const where = hostAndPort(request.proxy.host, request.proxy.port);
  const target = hostAndPort(request.host, request.port);
  const authorization = proxyAuthorization(request.proxy);
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`, 'latin1');
  const timedOut = (): OutgoingError =>
    outgoingError('connect-timeout', `The proxy ${where} did not answer within ${request.timeoutMs} ms.`);
  const head = readHead(socket, where);
  try {
    const answer = await within(head.answer, request, timedOut, head.stop);
    const failure = refusalOf(answer, where, target);
    if (failure !== undefined) throw failure;
  } catch (error) {
    socket.on('error', () => {}); // Its fate is decided here; what the peer still says is of no use.
    socket.destroy();
    throw error;
  }
}

function refusalOf(head: string, where: string, target: string): OutgoingError | undefined {
  const statusLine = head.slice(0, head.indexOf('\r\n'));
  // RFC 9112 section 4; some proxies leave the reason and its space out.
  const match = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?$/.exec(statusLine);
  if (match === null) {
    return outgoingError('proxy-refused', `The proxy ${where} did not answer in HTTP/1.1.`);
  }
  const status = Number(match[1]);
  if (status >= 200 && status < 300) return undefined;
  if (status === 407) {
    const why = 'Check user name and password in upstream.proxy.';
    return outgoingError('proxy-auth', `The proxy ${where} wants other credentials (407). ${why}`);
  }
  return outgoingError(
    'proxy-refused',
    `The proxy ${where} refused the connection to ${target} (${status}).`,
  );
}

/** Reads up to the empty line, and puts the rest back. 1xx heads are skipped. */
function readHead(
  socket: Socket,
  where: string,
): { readonly answer: Promise<string>; readonly stop: () => void } {
  let stop: () => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    stop = (): void => {
      socket.off('readable', onReadable).off('error', onError).off('end', onEnd).off('close', onEnd);
    };
    const fail = (error: OutgoingError): void => {
      stop();
      reject(error);
    };
    // Read, not 'data': the socket's next owner must find it neither flowing nor paused.
    const onReadable = (): void => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        if (received.length > MAX_HEAD_BYTES * 2) break;
      }
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0 || end > MAX_HEAD_BYTES) break;
        const head = received.toString('latin1', 0, end + 2);
        received = received.subarray(end + 4);
        if (/^HTTP\/1\.[01] 1\d\d/.test(head)) continue;
        stop();
        if (received.length > 0) socket.unshift(received);
        resolve(head);
        return;
      }
      if (received.length > MAX_HEAD_BYTES) {
        fail(outgoingError('proxy-refused', `The proxy ${where} sent an endless answer.`));
      }
    };
    const onError = (error: Error): void =>
      fail(outgoingError('proxy-refused', `The proxy ${where} broke off (${nodeCode(error)}).`, error));
    const onEnd = (): void =>
      fail(outgoingError('proxy-refused', `The proxy ${where} closed without an answer.`));
    socket.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onEnd);
  });
  return { answer, stop };
}
