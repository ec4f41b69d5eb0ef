/** A web page in a real Chromium that knows where Postern listens: it can do nothing (threat model, promise 6). */
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { CONTRACT, METRICS_PATH, WATCH } from '../../agent/src/serve/contract.ts';
import { openOffice } from '../kit/office.ts';

const CHROMIUM = '/usr/bin/chromium';

it('can do nothing at any door of the agent, whatever it sends', async (context) => {
  if (!existsSync(CHROMIUM)) return context.skip('no Chromium at /usr/bin/chromium');
  const office = await openOffice();
  const evil = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>evil</title><form id="form" method="post"></form>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    const doors = [...Object.values(CONTRACT).map((entry) => entry.path), WATCH.path, METRICS_PATH];
    // Even one that has stolen the token: the socket is no place that a page can reach.
    const token = readFileSync(path.join(office.home, 'agent.token'), 'utf8');
    const seen = await page.evaluate(tryEverything, { proxy: office.ready.proxy, doors, token });
    expect(seen.read).toEqual([]);
    expect(seen.sockets).toEqual([]);
    const status = JSON.parse((await office.postern(['status', '--json'])).stdout) as { state: string };
    expect(status.state).toBe('running');
    expect((await office.postern(['audit', 'export'])).stdout).not.toMatch(
      /content-deleted|governance-paused/,
    );
  } finally {
    await browser.close();
    evil.close();
    await office.stop();
  }
}, 60_000);

/** Runs in the page: what it could read, and which WebSockets opened. */
async function tryEverything({ proxy, doors, token }: { proxy: string; doors: string[]; token: string }) {
  const read: string[] = [];
  const sockets: string[] = [];
  const json = JSON.stringify({ minutes: 60, reason: 'evil' });
  const authorization = { authorization: `Bearer ${token}` };
  const attempts: RequestInit[] = [
    {},
    { mode: 'no-cors' },
    { method: 'POST', mode: 'no-cors', body: json },
    { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ minutes: '60' }) },
    { method: 'POST', headers: { 'content-type': 'application/json', ...authorization }, body: json },
    { headers: authorization },
  ];
  for (const door of doors)
    await Promise.all(
      attempts.map(async (init) => {
        const answer = await fetch(proxy + door, init).catch(() => undefined);
        const text = (await answer?.text().catch(() => '')) ?? '';
        if (text !== '') read.push(`${init.method ?? 'GET'} ${door}: ${text.slice(0, 80)}`);
      }),
    );
  await Promise.all(
    doors.slice(0, 5).map(
      (door) =>
        new Promise<void>((resolve) => {
          const socket = new WebSocket(proxy.replace('http:', 'ws:') + door);
          socket.onopen = () => {
            sockets.push(door);
            resolve();
          };
          socket.onerror = () => resolve();
        }),
    ),
  );
  return { read, sockets };
}
