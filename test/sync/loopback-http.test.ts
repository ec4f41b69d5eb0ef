/** The agent's own calls to this very machine. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReplyTooLarge } from '../../agent/src/core/http.ts';
import { sendToLoopback } from '../../agent/src/sync/loopback-http.ts';

let server: http.Server;
let url: URL;
beforeAll(async () => {
  server = http.createServer(
    (request, response) => void response.end('x'.repeat(Number(request.url?.slice(1)))),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (bytes: number) =>
  sendToLoopback({
    url: new URL(String(bytes), url),
    method: 'GET',
    headers: {},
    signal: AbortSignal.timeout(5000),
    maxReplyBytes: 100,
  });

test('an answer that is a little too long is refused, and nothing else happens', async () => {
  expect((await get(100)).body.length).toBe(100);
  const loose: unknown[] = [];
  const onLoose = (error: unknown): number => loose.push(error);
  process.on('uncaughtException', onLoose);
  for (let round = 0; round < 5; round += 1) await expect(get(101)).rejects.toThrow(ReplyTooLarge);
  await sleep(50);
  process.off('uncaughtException', onLoose);
  expect(loose).toEqual([]);
  expect((await get(10)).body.length).toBe(10);
});
