/** The gateway comes and goes: failover, what the policy says when none answers, quotas, and streams that go on. */
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startBifrost } from '../kit/gateways/bifrost.ts';
import type { ContractServer } from '../kit/gateways/contract-server.ts';
import { askAll, ROUTED_POLICY } from '../kit/gateways/journeys.ts';
import { type Office, openOffice } from '../kit/office.ts';
import { createTestAuthority } from '../kit/pki.ts';

let office: Office | undefined;
const servers: ContractServer[] = [];

afterEach(async () => {
  await office?.stop();
  office = undefined;
  for (const server of servers.splice(0)) await server.stop();
});

async function bifrost(): Promise<ContractServer> {
  const server = await startBifrost();
  servers.push(server);
  return server;
}

async function officeWith(gateways: readonly ContractServer[], more = ''): Promise<Office> {
  const urls = gateways.map(({ port }) => `http://127.0.0.1:${port}`);
  office = await openOffice({
    policy: ROUTED_POLICY + more,
    config: { gateway: { kind: 'bifrost', baseUrls: urls, virtualKey: gateways[0]?.key } },
  });
  return office;
}

async function statusOf(from: Office) {
  const { stdout } = await from.postern(['status', '--json']);
  return JSON.parse(stdout) as {
    gateway: { state: string; host: string; endpoints: { state: string; cause?: string }[]; quota?: object };
    degraded: { code: string; text: string; mend?: string }[];
  };
}

const every = (said: Awaited<ReturnType<typeof askAll>>) => Object.values(said);

describe('several base URLs', () => {
  it('one that dies is left for another; no client notices', async () => {
    const [first, second] = [await bifrost(), await bifrost()];
    const here = await officeWith([first, second]);
    expect(every(await askAll(here, 'before')).every(({ ok }) => ok)).toBe(true);
    const used = first.received.length > 0 ? first : second;
    const spare = used === first ? second : first;
    await used.stop();
    expect(every(await askAll(here, 'after', 0)).every(({ ok }) => ok)).toBe(true);
    expect(spare.received).toHaveLength(8);
    const status = await statusOf(here);
    expect(status.gateway.state).toBe('degraded');
    expect(status.gateway.endpoints.map(({ state }) => state).sort()).toEqual(['down', 'up']);
    expect(status.degraded.map(({ code }) => code)).toContain('gateway-degraded');
  });
});

describe('no base URL answers', () => {
  it('refuse: every client is told at once', async () => {
    const gateway = await bifrost();
    const here = await officeWith([gateway]);
    await gateway.stop();
    const said = every(await askAll(here, 'hello'));
    for (const { ok, status, message } of said)
      expect({ ok, status, message }).toMatchObject({
        ok: false,
        status: 400,
        message: expect.stringMatching(/can't be reached/),
      });
    expect(here.provider.received).toHaveLength(0);
    const { gateway: told, degraded } = await statusOf(here);
    expect(told.state).toBe('down');
    expect(degraded.find(({ code }) => code === 'gateway-down')).toMatchObject({
      text: expect.stringContaining('calls are refused'),
      mend: expect.stringContaining('VPN'),
    });
  });

  it.each(['direct', 'tunnel'])(
    "%s: the app's own credential, its own provider, no virtual key",
    async (then) => {
      const gateway = await bifrost();
      const here = await officeWith([gateway], `failure: { gatewayDown: ${then} }\n`);
      await gateway.stop();
      expect(every(await askAll(here, 'hello')).every(({ ok }) => ok)).toBe(true);
      expect(here.provider.received).toHaveLength(8);
      expect(here.provider.received[0]?.headers.authorization).toBe('Bearer sk-provider-key-openai');
      expect(here.provider.transcript()).not.toContain(gateway.key);
      const log = await here.postern(['audit', 'export']);
      expect(log.stdout).toContain(`"mode":"${then}"`);
    },
  );
});

describe('a gateway elsewhere', () => {
  it('is reached through the corporate proxy, over verified TLS', async () => {
    const here = await openOffice({
      policy: ROUTED_POLICY,
      config: { gateway: { kind: 'bifrost', baseUrl: 'https://ai.acme.com', virtualKey: 'sk-bf-x' } },
    });
    office = here;
    expect(every(await askAll(here, 'hello')).every(({ ok }) => ok)).toBe(true);
    const hosts = here.provider.received.filter(({ method }) => method === 'POST').map(({ host }) => host);
    expect(new Set(hosts)).toEqual(new Set(['ai.acme.com']));
    expect(here.provider.transcript()).not.toMatch(/provider-key/);
  });

  it('that proves to be somebody else gets no call, and no key', async () => {
    const strangers = await createTestAuthority('Somebody else');
    const seen: string[] = [];
    const server = https.createServer(
      await strangers.issue({ names: ['localhost'] }),
      (request, response) => {
        seen.push(JSON.stringify(request.headers));
        response.end('{}');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const here = await openOffice({
      policy: ROUTED_POLICY,
      config: { gateway: { kind: 'bifrost', baseUrl: `https://localhost:${port}`, virtualKey: 'sk-bf-x' } },
    });
    office = here;
    const said = every(await askAll(here, 'hello', 0));
    for (const { ok, status } of said) expect({ ok, status }).toEqual({ ok: false, status: 400 });
    expect(seen).toEqual([]);
    const { degraded } = await statusOf(here);
    expect(degraded.find(({ code }) => code === 'gateway-down')?.mend).toContain(
      'certificate is not trusted',
    );
    await new Promise((resolve) => server.close(resolve));
  });

  it('a client can not reach a loopback gateway through the agent', async () => {
    const gateway = await bifrost();
    const here = await officeWith([gateway]);
    const ran = await here.run([
      'curl',
      '-sS',
      '-p',
      '-x',
      here.ready.proxy,
      '--noproxy',
      '',
      `http://127.0.0.1:${gateway.port}/health`,
    ]);
    expect(ran.stdout + ran.stderr).not.toContain('"status":"ok"');
  });
});

describe('quotas', () => {
  const budget = (spent: number) => ({
    virtual_key_name: 'ada-laptop',
    is_active: true,
    budgets: [
      { max_limit: 10, current_usage: spent, reset_duration: '1d', last_reset: new Date().toISOString() },
    ],
  });

  it('are read for the key, shown in status, and stop a call here that the gateway would refuse', async () => {
    const gateway = await bifrost();
    gateway.setQuota(budget(9.999_999));
    const here = await officeWith([gateway]);
    await until(async () => (await statusOf(here)).gateway.quota !== undefined);
    expect((await statusOf(here)).gateway.quota).toMatchObject({
      keyName: 'ada-laptop',
      budgets: [{ label: 'key', limitUsd: 10, spentUsd: 9.999_999, window: '1d' }],
    });
    const said = every(await askAll(here, 'hello'));
    for (const { ok, status, message } of said) {
      expect({ ok, status, message }).toMatchObject({ ok: false, status: 400 });
      expect(message).toMatch(/gateway-key.{1,3} for each key/);
    }
    expect(gateway.received).toHaveLength(0);
  });

  it('are read again after a refusal', async () => {
    const gateway = await bifrost();
    const here = await officeWith([gateway]);
    await until(() => gateway.quotaReads() > 0);
    const before = gateway.quotaReads();
    gateway.refuse('budget');
    await askAll(here, 'hello');
    await until(() => gateway.quotaReads() > before);
  });

  it("a budget of the policy counts each key's calls", async () => {
    const gateway = await bifrost();
    const here = await officeWith(
      [gateway],
      'budgets: [{ id: per-key, scope: key, window: 1d, limitTokens: 1000000, action: block }]\n',
    );
    await askAll(here, 'hello');
    const { stdout } = await here.postern(['status', '--json']);
    const { budgets } = JSON.parse(stdout) as {
      budgets: { id: string; subject: string; spentTokens: number }[];
    };
    const counted = budgets.find(({ subject }) => subject === 'configured');
    expect(counted).toMatchObject({ id: 'per-key' });
    // A stream without usage is counted by an estimate.
    expect(counted?.spentTokens).toBeGreaterThan(200);
  });
});

describe('pass-through', () => {
  it("each provider's credential goes on its own path, and the virtual key beside it", async () => {
    const gateway = await bifrost();
    const here = await openOffice({
      policy: ROUTED_POLICY.replace('mode: gateway', 'mode: passthrough'),
      config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
    });
    office = here;
    expect(every(await askAll(here, 'hello')).every(({ ok }) => ok)).toBe(true);
    expect(gateway.received).toHaveLength(8);
    expect(here.provider.received).toHaveLength(0);
    for (const { path, headers } of gateway.received) {
      const [, provider = ''] = /^\/(openai|anthropic|genai)_passthrough\//.exec(path) ?? [];
      const [, own = ''] = /provider-key-(\w+)/.exec(JSON.stringify(headers)) ?? [];
      expect([provider, own]).toEqual([
        provider,
        { openai: 'openai', anthropic: 'anthropic', genai: 'google' }[provider],
      ]);
      expect(headers['x-bf-vk']).toBe(gateway.key);
    }
    gateway.clear();
    // What the provider itself says about the app's own sign-in is the app's to mend.
    gateway.refuse('provider-down');
    expect(every(await askAll(here, 'hello', 0)).map(({ status }) => status)).toEqual(Array(8).fill(503));
  });
});

describe('another gateway in the configuration', () => {
  it('takes over for calls that begin after it', async () => {
    const [first, second] = [await bifrost(), await bifrost()];
    const here = await officeWith([first]);
    const config = JSON.parse(readFileSync(here.configFile, 'utf8')) as Record<string, unknown>;
    const gateway = { kind: 'bifrost', baseUrl: `http://127.0.0.1:${second.port}`, virtualKey: second.key };
    writeFileSync(here.configFile, JSON.stringify({ ...config, gateway }));
    await until(async () => (await statusOf(here)).gateway.host.endsWith(`:${second.port}`));
    expect(every(await askAll(here, 'hello')).every(({ ok }) => ok)).toBe(true);
    expect([first.received.length, second.received.length]).toEqual([0, 8]);
  });
});

describe('what runs goes on', () => {
  it('a stream is not cut by a policy that came meanwhile', async () => {
    const gateway = await bifrost();
    gateway.delayMs = 150;
    const here = await officeWith([gateway]);
    const running = here.run([
      'curl',
      '-sS',
      '-N',
      'https://api.openai.com/v1/chat/completions',
      '-H',
      'content-type: application/json',
      '-d',
      '{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hello"}]}',
    ]);
    await until(() => gateway.received.length > 0);
    writeFileSync(
      here.policyFile ?? '',
      'postern: 1\nname: stricter\nservices: [{ match: [openai], mode: block }]\n',
    );
    const ran = await running;
    expect(ran.stdout).toContain('[DONE]');
    await until(async () => (await here.postern(['status', '--json'])).stdout.includes('"stricter"'));
    const next = await here.run([
      'curl',
      '-sS',
      'https://api.openai.com/v1/chat/completions',
      '-d',
      '{"model":"x"}',
    ]);
    expect(next.stdout).toContain('Postern stopped this call');
  });
});

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error('it did not come to that in time');
    await sleep(50);
  }
}
