/** In front of a real gateway: carries every call to it as it is, and remembers what it got. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayCallSeen } from './gateway-under-test.ts';

export interface RecordingRelay {
  readonly baseUrl: string;
  /** Calls but those that `ignored` knows: probes and readings of the agent's own. */
  readonly received: GatewayCallSeen[];
  close(): Promise<void>;
}

export interface RelayOptions {
  readonly port: number;
  readonly ignored: (path: string) => boolean;
  /** Headers that something before the gateway adds: what a hosted control plane keeps with a key. */
  readonly added?: (path: string) => Readonly<Record<string, string>>;
}

export async function startRecordingRelay({ port, ignored, added }: RelayOptions): Promise<RecordingRelay> {
  const received: GatewayCallSeen[] = [];
  const server = http.createServer((request, response) => {
    void carry(request, response).catch(() => response.destroy()); // the gateway has gone: so does the call
  });
  const carry = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '', headers } = request;
    if (!ignored(path)) received.push({ method, path, headers, body: body.toString('utf8') });
    await new Promise<void>((resolve, reject) => {
      const onward = http.request(
        { host: '127.0.0.1', port, method, path, headers: { ...headers, ...added?.(path) } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
          answer.once('end', resolve).once('error', reject);
        },
      );
      response.once('close', () => onward.destroy());
      onward.once('error', reject);
      onward.end(body);
    });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
