/** The real Portkey gateway (`@portkey-ai/gateway` from npm) on loopback, with the fake provider behind it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeProvider } from '../fake-provider/server.ts';
import { cleanEnvironment } from '../office.ts';
import { createTestAuthority } from '../pki.ts';
import type { GatewayUnderTest, Refusal } from './gateway-under-test.ts';
import { startRecordingRelay } from './recording-relay.ts';

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

const FORBIDDEN = 'Tell me of project falcon';
const TIMEOUT_MS = 500;
const check = (deny: boolean) => ({
  input_guardrails: [{ id: 'no-falcons', 'default.regexMatch': { rule: 'project falcon', not: true }, deny }],
});
/** What the hosted service keeps with a key and adds to its calls: here the relay before the gateway does. */
const CONFIGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  guardrail: { 'x-portkey-config': JSON.stringify(check(true)) },
  warning: { 'x-portkey-config': JSON.stringify(check(false)) },
  timeout: { 'x-portkey-config': JSON.stringify({ request_timeout: TIMEOUT_MS }) },
};

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
  let refusing: Refusal | undefined;
  const relay = await startRecordingRelay({
    port,
    ignored: (path) => path === '/',
    added: () => CONFIGS[refusing ?? ''] ?? {},
  });
  const self: GatewayUnderTest = {
    title: 'Portkey (real, from npm)',
    config: {
      kind: 'portkey',
      baseUrl: relay.baseUrl,
      headers: { 'x-portkey-custom-host': `https://localhost:${provider.port}/v1` },
    },
    key: 'pk-virtual-key-of-the-test',
    keyHeader: 'x-portkey-api-key',
    received: relay.received,
    sentOn: provider.received,
    // Keys and budgets belong to the hosted control plane.
    canRefuse: new Set(['guardrail', 'warning', 'timeout', 'provider-down']),
    prompts: { guardrail: FORBIDDEN, warning: FORBIDDEN },
    // Version 1.15.2 checks neither Responses nor what it hands through, and its hooks break Gemini's streams.
    unchecked: { guardrail: /^(responses|gemini)/, warning: /^geminiStream/ },
    refuse: (how) => {
      refusing = how;
      provider.failing = how === 'provider-down' ? 503 : undefined;
      provider.headDelayMs = how === 'timeout' ? 4 * TIMEOUT_MS : 0;
    },
    clear() {
      relay.received.length = 0;
      provider.received.length = 0;
      self.refuse(undefined);
    },
    async stop() {
      await relay.close();
      await new Promise<void>((resolve) => {
        gateway.once('exit', () => resolve());
        gateway.kill('SIGKILL');
      });
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return self;
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

export async function reachable(url: string, log: () => string, seconds = 10): Promise<void> {
  for (let attempt = 0; attempt < 10 * seconds; attempt += 1) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)); // not yet
    }
  }
  throw new Error(`${url} did not come up:\n${log()}`);
}
