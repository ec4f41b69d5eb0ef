/** The real Bifrost HTTP transport on loopback, with virtual keys made by its own API and the fake provider behind it. */
import type { FakeProvider } from '../../kit/fake-provider/server.ts';
import type { GatewayUnderTest, Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { openSite, orStop, startAt } from '../../kit/gateways/real-gateway.ts';
import { BifrostAdmin, type MadeKey, providerConfigs } from './admin.ts';
import { installBifrost } from './install.ts';
import { startVendorLists } from './vendor-lists.ts';

const START_SECONDS = 60;
export const QUOTA_PATH = '/api/governance/virtual-keys/quota';
/** Of the providers behind it; `default_request_timeout_in_seconds` takes whole seconds. */
export const PROVIDER_TIMEOUT_MS = 2_000;

export interface RealBifrost extends GatewayUnderTest {
  readonly port: number;
  readonly version: string;
  readonly admin: BifrostAdmin;
  readonly provider: FakeProvider;
  /** One key for each way to say no. */
  readonly refusedKeys: Readonly<Partial<Record<Refusal, string>>>;
  /** Calls with the key are made with this one from now on: what the agent isn't told of. */
  replaceKey(secret: string | undefined): void;
  log(): string;
}

export async function startRealBifrost(): Promise<RealBifrost> {
  const program = await installBifrost();
  if ('missing' in program) throw new Error(program.missing);
  const site = await openSite('Bifrost');
  const { provider, port } = site;
  const vendor = await startVendorLists(site.authority);
  site.write('config.json', JSON.stringify(configFor(site.providerUrl, site.authority.pem)));
  let replacing: string | undefined;
  const running = await orStop(vendor.close, () =>
    startAt(site, {
      command: program.file,
      args: ['-app-dir', site.folder, '-host', '127.0.0.1', '-port', `${port}`],
      env: { HTTPS_PROXY: vendor.proxy, SSL_CERT_FILE: site.ca },
      healthPath: '/health',
      startSeconds: START_SECONDS,
      relay: {
        ignored: (at) => /^\/(health|api)\b/.test(at),
        // The quota is that of the key which the agent has: the refusal is to come with the call.
        added: (at) => (replacing === undefined || at.startsWith(QUOTA_PATH) ? {} : { 'x-bf-vk': replacing }),
      },
    }),
  );
  const admin = new BifrostAdmin(port);
  const stop = async (): Promise<void> => {
    await running.stop();
    await vendor.close();
  };
  const [{ secret: key }, refusedKeys, version] = await orStop(stop, async () => [
    await admin.makeKey(),
    await makeRefusedKeys(admin, port),
    await versionOf(port),
  ]);
  running.forget();
  const { received } = running.relay;
  const trouble = (how: Refusal | undefined): void => {
    provider.failing = how === 'provider-down' ? 503 : undefined;
    provider.headDelayMs = how === 'timeout' ? 2 * PROVIDER_TIMEOUT_MS : 0;
  };
  return {
    title: 'Bifrost (real)',
    config: { kind: 'bifrost', baseUrl: running.relay.baseUrl },
    key,
    keyHeader: 'x-bf-vk',
    received,
    sentOn: provider.received,
    canRefuse: new Set([...(Object.keys(refusedKeys) as Refusal[]), 'rate', 'provider-down', 'timeout']),
    // It waits for streams as long as they like.
    unchecked: { timeout: /Stream$/ },
    async refuse(how) {
      // A limit per minute is there for no longer than that.
      replacing = how === 'rate' ? await keyWithoutCallsLeft(admin, port) : how && refusedKeys[how];
      trouble(how);
    },
    clear() {
      running.forget();
      replacing = undefined;
      trouble(undefined);
    },
    port,
    version,
    admin,
    provider,
    refusedKeys,
    replaceKey: (secret) => {
      replacing = secret;
    },
    log: running.log,
    stop,
  };
}

async function versionOf(port: number): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${port}/api/version`);
  return String(await reply.json()).replace(/^v/, '');
}

async function makeRefusedKeys(
  admin: BifrostAdmin,
  port: number,
): Promise<Readonly<Partial<Record<Refusal, string>>>> {
  const made = async (...settings: Parameters<BifrostAdmin['makeKey']>): Promise<string> =>
    (await admin.makeKey(...settings)).secret;
  const inactive: MadeKey = await admin.makeKey();
  await admin.changeKey(inactive, { is_active: false });
  const keys = {
    'unknown-key': 'sk-bf-nobody-knows',
    'inactive-key': inactive.secret,
    model: await made({ provider_configs: providerConfigs(undefined, 'others') }),
    provider: await made({ provider_configs: [] }),
    budget: await made({ budgets: [{ max_limit: 10, reset_duration: '1d' }] }),
  };
  await useUp(port, keys.budget);
  return keys;
}

export async function keyWithoutCallsLeft(
  admin: BifrostAdmin,
  port: number,
  request_reset_duration = '1m',
): Promise<string> {
  const { secret } = await admin.makeKey({ rate_limit: { request_max_limit: 1, request_reset_duration } });
  await useUp(port, secret);
  return secret;
}

/** Calls until it says no: what an answer costs is counted a moment after it. */
export async function useUp(port: number, secret: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const reply = await fetch(`http://127.0.0.1:${port}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-bf-vk': secret },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Spend.' }] }),
    });
    await reply.arrayBuffer();
    if (reply.status === 402 || reply.status === 429) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Bifrost goes on answering a key that has nothing left');
}

const configFor = (base: string, ca: string): object => ({
  client: { enforce_auth_on_inference: true, allow_direct_keys: true, enable_logging: false },
  config_store: { enabled: true, type: 'sqlite', config: { path: './config.db' } },
  providers: Object.fromEntries(
    ['openai', 'anthropic', 'gemini'].map((name) => [
      name,
      {
        keys: [{ name, value: `key-of-the-company-${name}`, models: ['*'], weight: 1 }],
        network_config: {
          base_url: name === 'gemini' ? `${base}/v1beta` : base,
          ca_cert_pem: ca,
          max_retries: 0,
          default_request_timeout_in_seconds: PROVIDER_TIMEOUT_MS / 1_000,
        },
      },
    ]),
  ),
});
