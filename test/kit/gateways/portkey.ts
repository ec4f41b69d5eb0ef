/** The real Portkey gateway (`@portkey-ai/gateway` from npm) on loopback, with the fake provider behind it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeProvider } from '../fake-provider/server.ts';
import { cleanEnvironment } from '../office.ts';
import { createTestAuthority } from '../pki.ts';
import type { GatewayUnderTest } from './gateway-under-test.ts';

const SHIM = path.join(import.meta.dirname, 'portkey-on-node24.mjs');
const SERVER = path.join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'node_modules',
  '@portkey-ai',
  'gateway',
  'build',
  'start-server.js',
);

export async function startPortkey(): Promise<GatewayUnderTest> {
  const authority = await createTestAuthority('Portkey Provider Root');
  const provider = await startFakeProvider(authority);
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-portkey-'));
  const ca = path.join(folder, 'ca.pem');
  writeFileSync(ca, authority.pem);
  const port = await freePort();
  const gateway = spawn(process.execPath, ['--import', SHIM, SERVER, `--port=${port}`, '--headless'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: cleanEnvironment({ NODE_EXTRA_CA_CERTS: ca, NODE_ENV: 'production' }),
  });
  let log = '';
  gateway.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await reachable(`http://127.0.0.1:${port}/`, () => log);
  return {
    title: 'Portkey (real, from npm)',
    config: {
      kind: 'portkey',
      baseUrl: `http://127.0.0.1:${port}`,
      headers: { 'x-portkey-custom-host': `https://localhost:${provider.port}/v1` },
    },
    key: 'pk-virtual-key-of-the-test',
    keyHeader: 'x-portkey-api-key',
    received: provider.received,
    seesRequests: false,
    // Keys, budgets and guardrails belong to the hosted control plane.
    canRefuse: new Set(),
    refuse: () => undefined,
    clear: () => {
      provider.received.length = 0;
    },
    async stop() {
      await new Promise<void>((resolve) => {
        gateway.once('exit', () => resolve());
        gateway.kill('SIGKILL');
      });
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

async function reachable(url: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)); // not yet
    }
  }
  throw new Error(`${url} did not come up:\n${log()}`);
}
