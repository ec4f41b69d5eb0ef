/** The load side: a minimal HTTP/1.1 client on raw sockets, so that the client's own cost stays small and constant. */
import net from 'node:net';
import tls from 'node:tls';

export interface Route {
  /** The proxy under test; undefined: straight to the origin. */
  readonly proxyPort: number | undefined;
  readonly originPort: number;
  /** Roots that this client trusts. */
  readonly ca: readonly string[];
}

/** TCP to the origin, by CONNECT where there is a proxy. */
export function openTunnel(route: Route, host: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host: '127.0.0.1',
      port: route.proxyPort ?? route.originPort,
      noDelay: true,
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      if (route.proxyPort === undefined) return resolve(socket);
      let answer = '';
      const onData = (chunk: Buffer): void => {
        answer += chunk.toString('latin1');
        if (!answer.includes('\r\n\r\n')) return;
        socket.off('data', onData);
        socket.pause();
        if (/^HTTP\/1\.\d 200/.test(answer)) resolve(socket);
        else reject(new Error(`CONNECT refused: ${answer.split('\r\n')[0]}`));
      };
      socket.on('data', onData);
      socket.write(
        `CONNECT ${host}:${route.originPort} HTTP/1.1\r\nHost: ${host}:${route.originPort}\r\n\r\n`,
      );
    });
  });
}

export async function openTls(route: Route, host: string): Promise<tls.TLSSocket> {
  const socket = await openTunnel(route, host);
  return new Promise((resolve, reject) => {
    const secure = tls.connect(
      { socket, servername: host, ca: [...route.ca], ALPNProtocols: ['http/1.1'] },
      () => resolve(secure),
    );
    secure.once('error', reject);
  });
}

/** One keep-alive connection, one request at a time. */
export class Http1Connection {
  private buffered: Buffer = Buffer.alloc(0);
  private settle: { resolve(bytes: number): void; reject(error: Error): void } | undefined;
  private readonly socket: tls.TLSSocket;

  constructor(socket: tls.TLSSocket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('connection closed')));
  }

  /** Sends ready-made bytes; resolves with the size of the whole answer. */
  send(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private fail(error: Error): void {
    const waiting = this.settle;
    this.settle = undefined;
    waiting?.reject(error);
  }

  private take(chunk: Buffer): void {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    const headEnd = this.buffered.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.buffered.toString('latin1', 0, headEnd);
    const length = /content-length: *(\d+)/i.exec(head);
    const complete = length
      ? this.buffered.length >= headEnd + 4 + Number(length[1])
      : this.buffered.toString('latin1', this.buffered.length - 5) === '0\r\n\r\n';
    if (!complete) return;
    const size = this.buffered.length;
    this.buffered = Buffer.alloc(0);
    const waiting = this.settle;
    this.settle = undefined;
    if (/^HTTP\/1\.1 200/.test(head)) waiting?.resolve(size);
    else waiting?.reject(new Error(head.split('\r\n')[0]));
  }
}

const CHAT_PATH = '/v1/chat/completions';

/** A chat completion call of about 1 KB, as the OpenAI SDK frames it; `events` asks the origin for a stream. */
export function chatCall(host: string, port: number, events?: { count: number; everyMs: number }): Buffer {
  const path = events === undefined ? CHAT_PATH : `${CHAT_PATH}?events=${events.count}&ms=${events.everyMs}`;
  const body = JSON.stringify({
    model: 'gpt-4o-mini',
    stream: events !== undefined,
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: 'Please read this paragraph and tell me what it says. '.repeat(17) },
    ],
  });
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: OpenAI/JS 7.57.0\r\nAccept: application/json\r\nAuthorization: Bearer sk-bench\r\nContent-Type: application/json\r\nX-Stainless-Lang: js\r\nX-Stainless-Runtime: node\r\nAccept-Encoding: gzip, br\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

export const getCall = (host: string, port: number, path: string): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept: */*\r\n\r\n`);
