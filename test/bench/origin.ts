/**
 * The origin all peers share, in a process of its own: a chat answer of 1 KB, an SSE stream that stamps each event
 * with its send time, and a large download. Prints its port as JSON once it listens.
 */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { openaiChat } from '../kit/fake-provider/answers.ts';
import { createTestAuthority } from '../kit/pki.ts';

const DOWNLOAD_BYTES = 100 * 1024 * 1024;
const authority = await createTestAuthority('Bench Origin Root');
const contexts = new Map<string, Promise<tls.SecureContext>>();
const answer = openaiChat.body(
  { text: 'An answer of about a kilobyte, all told. '.repeat(16) },
  'gpt-4o-mini',
);

const server = https.createServer(
  {
    ...(await authority.issue({ names: ['bench.test'] })),
    SNICallback: (host, done) => {
      let context = contexts.get(host);
      if (!context) {
        context = authority.issue({ names: [host] }).then((issued) => tls.createSecureContext(issued));
        contexts.set(host, context);
      }
      context.then((ready) => done(null, ready), done);
    },
  },
  (request, response) => {
    const url = new URL(request.url ?? '/', 'https://bench.test');
    if (url.searchParams.has('events')) {
      request.resume();
      let left = Number(url.searchParams.get('events'));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(
        () => {
          left -= 1;
          const sentUs = process.hrtime.bigint() / 1000n;
          response.write(
            `data: {"sentUs":${sentUs},"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n`,
          );
          if (left > 0) return;
          clearInterval(timer);
          response.end('data: [DONE]\n\n');
        },
        Number(url.searchParams.get('ms')),
      );
      return;
    }
    if (url.pathname === '/download') {
      response.writeHead(200, { 'content-length': DOWNLOAD_BYTES });
      const chunk = Buffer.alloc(64 * 1024);
      let left = DOWNLOAD_BYTES;
      const more = (): void => {
        while (left > 0) {
          left -= chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      return more();
    }
    request.resume();
    request.on('end', () => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer),
      });
      response.end(answer);
    });
  },
);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(
    `${JSON.stringify({ port: (server.address() as AddressInfo).port, ca: authority.pem })}\n`,
  );
});
