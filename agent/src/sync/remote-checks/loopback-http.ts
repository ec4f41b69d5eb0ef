import http from 'node:http';
import { type CheckReply, type CheckRequest, ReplyTooLarge } from './http-port.ts';

const agent = new http.Agent({ keepAlive: true, maxSockets: 32, timeout: 30_000 });

/** A service on this very machine, over plain HTTP; nothing leaves the device, and no proxy variable is followed. */
export function sendToLoopback({
  url,
  headers,
  body,
  signal,
  maxReplyBytes,
}: CheckRequest): Promise<CheckReply> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { method: 'POST', agent, signal, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > maxReplyBytes) request.destroy(new ReplyTooLarge());
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

export const isLoopback = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);
