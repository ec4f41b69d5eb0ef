/** The real LiteLLM proxy with its keys in a file in the place of a database. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FakeProvider } from '../../kit/fake-provider/server.ts';
import type { GatewayUnderTest, Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { openSite } from '../../kit/gateways/real-gateway.ts';
import {
  FORBIDDEN,
  LITELLM_VERSION,
  litellmPython,
  makeTrouble,
  REFUSALS,
  startLitellmAt,
  timeoutOf,
} from './proxy.ts';

const HOOK_FOLDER = import.meta.dirname;
const KEY = 'sk-litellm-virtual-key-of-the-test';

/** Columns of LiteLLM's key table that make it say no. */
const ROWS: Readonly<Partial<Record<Refusal, object>>> = {
  'inactive-key': { blocked: true },
  model: { models: ['another-model'] },
  budget: { max_budget: 10, spend: 10.21 },
  rate: { rpm_limit: 0 },
};

export interface RealLitellm extends GatewayUnderTest {
  refuse(how: Refusal | undefined): void;
  readonly port: number;
  /** All that the proxy wrote so far. */
  log(): string;
  /** Rows by key; what /key/info tells is the row of the same name in `told`, if there is one. */
  setKeys(rows: Readonly<Record<string, object>>, told?: Readonly<Record<string, object>>): void;
  readonly provider: FakeProvider;
}

export async function startRealLitellm(): Promise<RealLitellm> {
  const python = await litellmPython();
  if ('missing' in python) throw new Error(python.missing);
  const site = await openSite('LiteLLM');
  const keysFile = path.join(site.folder, 'keys.json');
  const setKeys: RealLitellm['setKeys'] = (rows, told = {}) =>
    writeFileSync(keysFile, JSON.stringify({ rows, told }));
  setKeys({ [KEY]: {} });
  let refusing: Refusal | undefined;
  const running = await startLitellmAt(site, {
    python: python.file,
    general: { custom_auth: 'virtual_keys.user_api_key_auth', custom_auth_run_common_checks: true },
    env: { PYTHONPATH: HOOK_FOLDER, POSTERN_TEST_KEYS: keysFile },
    added: () => timeoutOf(refusing),
  });
  const { received, baseUrl } = running.relay;
  const self: RealLitellm = {
    title: `LiteLLM ${LITELLM_VERSION} (real, from PyPI)`,
    config: { kind: 'litellm', baseUrl },
    key: KEY,
    keyHeader: 'authorization',
    received,
    sentOn: site.provider.received,
    canRefuse: new Set(REFUSALS),
    prompts: { guardrail: FORBIDDEN },
    refuse(how) {
      // What the agent reads of the quota stays as it was: the refusal is to come from the gateway.
      setKeys(how === 'unknown-key' ? {} : { [KEY]: ROWS[how ?? 'no-key'] ?? {} }, { [KEY]: {} });
      refusing = how;
      makeTrouble(site, how);
    },
    clear() {
      running.forget();
      self.refuse(undefined);
    },
    port: site.port,
    log: running.log,
    setKeys,
    provider: site.provider,
    stop: running.stop,
  };
  return self;
}
