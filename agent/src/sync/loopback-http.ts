import http from 'node:http';
import { type OwnReply, type OwnRequest, ReplyTooLarge } from '../core/http.ts';

const agent = new http.Agent({ keepAlive: true, maxSockets: 32, timeout: 30_000 });

/** A service on this very machine, over plain HTTP; nothing leaves the device, and no proxy variable is followed. */
export function sendToLoopback(own: OwnRequest): Promise<OwnReply> {
  const { url, method, headers, body, signal, maxReplyBytes, onHead, onData } = own;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request(
      url,
      { method, agent, signal, headers: { ...headers, ...length } },
      (response) => {
        const status = response.statusCode ?? 0;
        const chunks: Buffer[] = [];
        let size = 0;
        onHead?.(status, response.rawHeaders);
        response.on('data', (chunk: Buffer) => {
          if (onData !== undefined) return onData(chunk);
          size += chunk.length;
          chunks.push(chunk);
          if (size <= maxReplyBytes) return;
          reject(new ReplyTooLarge());
          // Without an error: the socket of an answer that has just ended is nobody's, and would throw it at the process.
          request.destroy();
        });
        response.on('end', () =>
          resolve({ status, headers: response.rawHeaders, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
