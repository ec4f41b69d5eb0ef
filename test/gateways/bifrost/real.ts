/**
 * The real Bifrost HTTP transport, by `go install`, on loopback with virtual keys and the fake provider behind it. Its
 * configuration is by the vendor's pages (docs.getbifrost.ai/deployment-guides/config-json); where Go's proxy doesn't
 * serve the module, nothing of this runs, and the tests say so.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Installed } from '../../kit/clients.ts';
import { startFakeProvider } from '../../kit/fake-provider/server.ts';
import type { GatewayUnderTest, Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { freePort, reachable } from '../../kit/gateways/portkey.ts';
import { startRecordingRelay } from '../../kit/gateways/recording-relay.ts';
import { cleanEnvironment } from '../../kit/office.ts';
import { createTestAuthority } from '../../kit/pki.ts';

const MODULE = 'github.com/maximhq/bifrost/transports/bifrost-http@latest';
const CACHE = path.join(import.meta.dirname, '..', '..', '.cache', 'bifrost');
const INSTALL_TIMEOUT_MS = 900_000;
const START_SECONDS = 60;
const KEY = 'sk-bf-virtual-key-of-the-test';

/** One virtual key for each way to say no: the relay before the gateway puts it in the place of the app's. */
const KEYS: Readonly<Partial<Record<Refusal, string>>> = {
  'unknown-key': 'sk-bf-nobody-knows',
  'inactive-key': 'sk-bf-key-inactive',
  model: 'sk-bf-key-model',
  provider: 'sk-bf-key-provider',
  rate: 'sk-bf-key-rate',
};

/** By its ordinary client; what it says is the reason. */
export async function installBifrost(): Promise<Installed> {
  const file = path.join(CACHE, process.platform === 'win32' ? 'bifrost-http.exe' : 'bifrost-http');
  if (existsSync(file)) return { file };
  mkdirSync(CACHE, { recursive: true });
  try {
    await promisify(execFile)('go', ['install', MODULE], {
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, GOBIN: CACHE },
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const reason = (said === '' ? String(error) : said).trim().replaceAll(/\s+/g, ' ').slice(0, 400);
    return { missing: `Bifrost is not available here: go install ${MODULE}: ${reason}` };
  }
  return existsSync(file) ? { file } : { missing: `go install ${MODULE} left no program` };
}

export async function startRealBifrost(): Promise<GatewayUnderTest> {
  const program = await installBifrost();
  if ('missing' in program) throw new Error(program.missing);
  const authority = await createTestAuthority('Bifrost Provider Root');
  const provider = await startFakeProvider(authority);
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-bifrost-'));
  const config = configFor(`https://localhost:${provider.port}`, authority.pem);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const port = await freePort();
  const args = ['-app-dir', folder, '-host', '127.0.0.1', '-port', `${port}`];
  const gateway = spawn(program.file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({ HOME: folder }),
  });
  let log = '';
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  await reachable(`http://127.0.0.1:${port}/health`, () => log, START_SECONDS);
  let refusing: Refusal | undefined;
  const relay = await startRecordingRelay({
    port,
    ignored: (at) => /^\/(health|api)\b/.test(at),
    added: () => {
      const key = refusing === undefined ? undefined : KEYS[refusing];
      return key === undefined ? {} : { 'x-bf-vk': key };
    },
  });
  const self: GatewayUnderTest = {
    title: 'Bifrost (real, by go install)',
    config: { kind: 'bifrost', baseUrl: relay.baseUrl },
    key: KEY,
    keyHeader: 'x-bf-vk',
    received: relay.received,
    sentOn: provider.received,
    canRefuse: new Set([...(Object.keys(KEYS) as Refusal[]), 'provider-down']),
    refuse(how) {
      refusing = how;
      provider.failing = how === 'provider-down' ? 503 : undefined;
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

const PROVIDERS = ['openai', 'anthropic', 'gemini'] as const;

const configFor = (base: string, ca: string): object => ({
  client: { enforce_auth_on_inference: true, allow_direct_keys: true, enable_logging: false },
  config_store: { enabled: true, type: 'sqlite', config: { path: 'config.db' } },
  providers: Object.fromEntries(
    PROVIDERS.map((name) => [
      name,
      {
        keys: [{ name, value: `key-of-the-company-${name}`, models: ['*'], weight: 1 }],
        network_config: {
          base_url: name === 'gemini' ? `${base}/v1beta` : base,
          ca_cert_pem: ca,
          max_retries: 0,
        },
      },
    ]),
  ),
  governance: {
    rate_limits: [{ id: 'none', request_max_limit: 0, request_reset_duration: '1m' }],
    virtual_keys: [
      virtualKey('free', KEY),
      virtualKey('inactive', KEYS['inactive-key'], { is_active: false }),
      virtualKey('model', KEYS.model, {}, ['another-model']),
      virtualKey('provider', KEYS.provider, { provider_configs: [] }),
      virtualKey('rate', KEYS.rate, { rate_limit_id: 'none' }),
    ],
  },
});

const virtualKey = (id: string, value = '', more: object = {}, allowed = ['*']): object => ({
  id,
  name: id,
  value,
  is_active: true,
  provider_configs: PROVIDERS.map((provider) => ({
    provider,
    allowed_models: allowed,
    key_ids: ['*'],
    weight: 1,
  })),
  ...more,
});
