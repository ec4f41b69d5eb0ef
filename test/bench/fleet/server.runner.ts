/** One static server in Node, as plain as a CDN's edge: files in memory, ETags, 304. A line on stdin reads them again. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const directory = process.argv[2] ?? '.';
interface Served {
  readonly bytes: Buffer;
  readonly headers: Record<string, string | number>;
}
let files = new Map<string, Served>();

function load(): void {
  files = new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
        const cache =
          entry.name === 'timestamp.json' ? 'no-cache, max-age=5' : 'public, max-age=31536000, immutable';
        const headers = { etag, 'cache-control': cache, 'content-length': bytes.length };
        return [`/${path.relative(directory, file)}`, { bytes, headers }];
      }),
  );
}

load();
process.stdin.on('data', () => {
  load();
  process.stdout.write('loaded\n');
});
const server = http.createServer((request, response) => {
  const found = files.get(request.url ?? '');
  if (found === undefined) response.writeHead(404, { 'content-length': 0 }).end();
  else if (request.headers['if-none-match'] === found.headers['etag'])
    response.writeHead(304, { etag: String(found.headers['etag']) }).end();
  else response.writeHead(200, found.headers).end(found.bytes);
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
