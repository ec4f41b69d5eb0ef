/** As little of an HTTP client as a hundred thousand devices need on the cores that also serve them. */
import net from 'node:net';

export interface Reply {
  readonly status: number;
  readonly etag: string;
  /** On the wire, both ways, above TCP. */
  readonly wireBytes: number;
}

interface Waiting {
  readonly sentBytes: number;
  resolve(reply: Reply): void;
}

/** One kept-alive connection; several calls may be under way, answered in order. */
class Wire {
  readonly #socket: net.Socket;
  readonly #waiting: Waiting[] = [];
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#read(chunk));
  }

  get(path: string, etag: string | undefined): Promise<Reply> {
    const condition = etag === undefined ? '' : `if-none-match: ${etag}\r\n`;
    const head = `GET ${path} HTTP/1.1\r\nhost: policy.example.com\r\naccept: application/json, application/octet-stream\r\naccept-encoding: identity\r\nuser-agent: postern\r\n${condition}\r\n`;
    return new Promise((resolve) => {
      this.#waiting.push({ sentBytes: head.length, resolve });
      this.#socket.write(head);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) break;
      const head = rest.toString('latin1', 0, end);
      const status = Number(head.slice(9, 12));
      const length = status === 304 ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const total = end + 4 + length;
      if (rest.length < total) break;
      rest = rest.subarray(total);
      const waiting = this.#waiting.shift();
      waiting?.resolve({
        status,
        etag: /etag: (\S+)/i.exec(head)?.[1] ?? '',
        wireBytes: total + waiting.sentBytes,
      });
    }
    this.#rest = rest;
  }
}

/** Calls are spread over this many connections in turn. */
export function openWires(port: number, count: number): { get: Wire['get']; close(): void } {
  const wires = Array.from({ length: count }, () => new Wire(port));
  let next = 0;
  return {
    get(path, etag) {
      next = (next + 1) % wires.length;
      return (wires[next] as Wire).get(path, etag);
    },
    close() {
      for (const wire of wires) wire.close();
    },
  };
}
