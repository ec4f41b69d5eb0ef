/** The real Portkey gateway (`@portkey-ai/gateway` from npm) on loopback, with the fake provider behind it. */
import path from 'node:path';
import type { GatewayUnderTest, Refusal } from './gateway-under-test.ts';
import { openSite, startAt } from './real-gateway.ts';

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
  const site = await openSite('Portkey');
  const { provider, port } = site;
  let refusing: Refusal | undefined;
  const running = await startAt(site, {
    command: process.execPath,
    args: ['--import', SHIM, SERVER, `--port=${port}`, '--headless'],
    env: { NODE_EXTRA_CA_CERTS: site.ca, NODE_ENV: 'production' },
    healthPath: '/',
    relay: { ignored: (at) => at === '/', added: () => CONFIGS[refusing ?? ''] ?? {} },
  });
  const { relay } = running;
  const refuse = (how: Refusal | undefined): void => {
    refusing = how;
    provider.failing = how === 'provider-down' ? 503 : undefined;
    provider.headDelayMs = how === 'timeout' ? 4 * TIMEOUT_MS : 0;
  };
  return {
    title: 'Portkey (real, from npm)',
    config: {
      kind: 'portkey',
      baseUrl: relay.baseUrl,
      headers: { 'x-portkey-custom-host': `${site.providerUrl}/v1` },
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
    refuse,
    clear() {
      running.forget();
      refuse(undefined);
    },
    stop: running.stop,
  };
}
