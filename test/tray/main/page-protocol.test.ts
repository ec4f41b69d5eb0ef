import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PAGE_URL, pageFile } from '../../../tray-ui/src/main/page-protocol.ts';

const outside = mkdtempSync(path.join(tmpdir(), 'postern-page-'));
const folder = path.join(outside, 'renderer');
mkdirSync(path.join(folder, 'assets'), { recursive: true });
writeFileSync(path.join(folder, 'index.html'), '<p>page</p>');
writeFileSync(path.join(folder, 'assets', 'index-1.js'), '1');
writeFileSync(path.join(outside, 'secret.txt'), 'secret');
writeFileSync(path.join(outside, 'renderer.txt'), 'secret');
afterAll(() => rmSync(outside, { recursive: true, force: true }));

const get = (url: string, method = 'GET') => pageFile(folder, { url, method });

it('serves the built page with its type and a policy that allows nothing from elsewhere', async () => {
  const response = await get(PAGE_URL);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
  expect(await response.text()).toBe('<p>page</p>');
  const script = await get('postern-page://tray/assets/index-1.js');
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
});

it('says the same as the page itself, and what only a header can', async () => {
  const page = readFileSync(
    path.join(import.meta.dirname, '../../../tray-ui/src/renderer/index.html'),
    'utf8',
  );
  const inPage = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? 'none';
  const policy = (await get(PAGE_URL)).headers.get('content-security-policy') ?? '';
  for (const part of inPage.split('; ')) expect(policy).toContain(part);
  expect(policy).toContain("frame-ancestors 'none'");
});

it.each([
  'postern-page://tray/../secret.txt',
  'postern-page://tray/..%2fsecret.txt',
  'postern-page://tray/%2e%2e/secret.txt',
  'postern-page://tray/..%5csecret.txt',
  'postern-page://tray/assets/..%2f..%2fsecret.txt',
  'postern-page://tray/../renderer.txt',
  'postern-page://tray/%00.txt',
  'postern-page://tray/%zz.txt',
  'postern-page://tray/assets',
  'postern-page://tray/',
  'postern-page://tray/none.js',
  'postern-page://tray/index.html.exe',
  'postern-page://other/index.html',
  'file:///etc/hosts.txt',
  'not a url',
])('has nothing at %s', async (url) => {
  expect((await get(url)).status).toBe(404);
});

it('answers to nothing but GET', async () => {
  expect((await get(PAGE_URL, 'POST')).status).toBe(404);
});

it('does not swallow a disk that fails', async () => {
  symlinkSync('loop.txt', path.join(folder, 'loop.txt'));
  await expect(get('postern-page://tray/loop.txt')).rejects.toThrow(/ELOOP/);
});
