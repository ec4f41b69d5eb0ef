/** The preview opens to a browser what the local API keeps from browsers: who gets in, and who doesn't. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PreviewServer, startPreview } from '../../../tray-ui/build/preview-server.ts';

let folder: string;
let preview: PreviewServer;
let port: number;
let token: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'postern-preview-'));
  mkdirSync(path.join(folder, 'page'));
  writeFileSync(path.join(folder, 'page', 'index.html'), '<p>the window</p>');
  writeFileSync(path.join(folder, 'secret.txt'), 'not for the page');
  preview = await startPreview(path.join(folder, 'home'), path.join(folder, 'page'));
  const url = new URL(preview.url);
  port = Number(url.port);
  token = url.hash.slice('#token='.length);
});
afterAll(async () => {
  await preview.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends exactly these headers: fetch would put its own Host and Origin. */
function ask(target: string, headers: Record<string, string> = {}, method = 'GET', body = '') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: target, method, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const asked = (headers: Record<string, string>, name = 'status', body = '{}') =>
  ask(`/api/${name}`, headers, 'POST', body);

it('hands the page out without a token, and calls only with it', async () => {
  expect(await ask('/')).toEqual({ status: 200, text: '<p>the window</p>' });
  expect((await asked({})).status).toBe(401);
  expect((await asked({ 'x-postern-preview': 'x'.repeat(token.length) })).status).toBe(401);
  expect((await ask('/api/events')).status).toBe(401);
  const answer = await asked({ 'x-postern-preview': token });
  expect(answer.status).toBe(200);
  // No agent runs here: the code of that crosses the border.
  expect(JSON.parse(answer.text)).toMatchObject({ ok: false, code: 'not-running' });
});

it.each([
  ['another name for loopback (DNS rebinding)', { host: 'evil.example' }],
  ['localhost, which anyone may make resolve', { host: 'localhost' }],
  ['a page of another origin', { origin: 'https://evil.example' }],
  ['a page of another port', { origin: 'http://127.0.0.1:1' }],
  ['a sandboxed page', { origin: 'null' }],
])('refuses %s, token or not', async (_, headers) => {
  expect((await asked({ ...headers, 'x-postern-preview': token })).status).toBe(403);
  expect((await ask('/', headers)).status).toBe(403);
});

it('makes only the calls of pages, of a sensible size', async () => {
  const answer = await asked({ 'x-postern-preview': token }, 'stop');
  expect(JSON.parse(answer.text)).toMatchObject({ ok: false, code: 'not-allowed' });
  expect((await ask('/api/status', { 'x-postern-preview': token })).status).toBe(405);
  expect((await asked({ 'x-postern-preview': token }, 'status', `"${'x'.repeat(70_000)}"`)).status).toBe(500);
});

it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/nothing.js'])(
  'hands out nothing from outside of the page: %s',
  async (target) => {
    expect((await ask(target)).status).toBe(404);
  },
);
