/** Signed policy from a server to a running agent: live within seconds, taken back, switched, and never widened. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';
import { openPolicyServer, type PolicyServer } from '../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../kit/publisher.ts';

const SECRETS = 'guardrails: [{ id: no-secrets, detect: secrets, action: ACTION }]\n';
const policy = (name: string, action: 'warn' | 'block', more = ''): string =>
  `postern: 1\nname: ${name}\n${SECRETS.replace('ACTION', action)}${more}`;

let folder: string;
let publisher: Publisher;
let server: PolicyServer;
let office: Office;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-push-'));
  publisher = await openPublisher(path.join(folder, 'org'));
  await publisher.push(policy('easy', 'warn'));
  server = await openPolicyServer(publisher.directory);
  office = await openOffice({
    config: {
      policy: {
        source: {
          url: server.url,
          pollSeconds: 3600,
          rootFingerprint: publisher.fingerprint,
          hintUrl: server.hintUrl,
          groups: ['ring-1'],
        },
      },
    },
  });
  await until(({ policy: { name, bundle } }) => name === 'easy' && bundle?.hint === 'connected');
});
afterAll(async () => {
  await office.stop();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const status = async (): Promise<AgentStatus> =>
  JSON.parse((await office.postern(['status', '--json'])).stdout) as AgentStatus;

async function until(good: (now: AgentStatus) => boolean, limitMs = 10_000): Promise<AgentStatus> {
  const end = Date.now() + limitMs;
  for (;;) {
    const now = await status();
    if (good(now)) return now;
    if (Date.now() > end)
      throw new Error(`not so: ${JSON.stringify(now.policy)} ${JSON.stringify(now.degraded)}`);
    await sleep(100);
  }
}

const ask = async (): Promise<{ ok: boolean; message?: string }> => {
  const prompt = `why is ${liveLookingAwsKey(41)} denied?`;
  const ran = await office.run(['node', 'test/journeys/scripts/openai-sdk.mjs', 'chat', prompt]);
  return JSON.parse(ran.stdout) as { ok: boolean; message?: string };
};

describe('a push', () => {
  it('is enforced within two seconds of the hint, and rolled back by signing the one before', async () => {
    expect(await ask()).toMatchObject({ ok: true });
    await publisher.push(policy('strict', 'block'));
    const pushedAtMs = Date.now();
    server.hint();
    const now = await until(({ policy: { name } }) => name === 'strict');
    expect(now.policy.loadedAtMs - pushedAtMs).toBeLessThan(2000);
    expect(now.policy).toMatchObject({ source: { kind: 'bundle' }, bundle: { age: 'fresh', version: 3 } });
    expect(await ask()).toMatchObject({ ok: false, message: expect.stringContaining('no-secrets') });

    await publisher.push(policy('easy', 'warn'));
    server.hint();
    await until(({ policy: { name } }) => name === 'easy');
    expect(await ask()).toMatchObject({ ok: true });
    const log = await office.postern(['audit', 'export']);
    expect(log.stdout).toMatch(/policy-changed.*easy .* to strict.*policy-changed.*strict .* to easy/s);
  });

  it("that can't be used changes nothing and says why; the next good one is taken", async () => {
    await publisher.pushUnchecked({ 'policy.yaml': 'postern: 1\nname: broken\nguardrials: []\n' });
    server.hint();
    const refused = await until(({ policy: { lastError } }) => lastError !== undefined);
    expect(refused.policy.name).toBe('easy');
    expect(refused.policy.lastError?.problems[0]).toMatchObject({ field: 'guardrials', line: 3 });
    await publisher.pushUnchecked({ 'policy.yaml': 'postern: 2\nname: later\n' });
    server.hint();
    const later = await until(({ incidents }) =>
      incidents.some(({ detail }) => detail.includes('newer version')),
    );
    expect(later.policy.name).toBe('easy');
    await publisher.pushUnchecked({
      'policy.yaml': policy('words', 'warn', '# with a file that is missing').replace(
        'detect: secrets',
        'detect: keyword, dictionary: [gone.txt]',
      ),
    });
    server.hint();
    await until(({ policy: { lastError } }) => lastError?.problems[0]?.message.includes('gone.txt') === true);
    await publisher.push(policy('easy-again', 'warn'));
    server.hint();
    const good = await until(({ policy: { name } }) => name === 'easy-again');
    expect(good.policy.lastError).toBeUndefined();
    expect(good.degraded).toEqual([]);
  });

  it('of a group goes to its devices alone, with files and prices of its own', async () => {
    const text = 'guardrails: [{ id: names, detect: keyword, dictionary: [names.txt], action: block }]\n';
    await publisher.push(`postern: 1\nname: ring\n${text}`, {
      group: 'ring-1',
      files: { 'names.txt': 'falcon\n' },
      prices: { postern: 1, prices: [{ match: ['acme-*'], input: 1, output: 2 }] },
    });
    server.hint();
    const now = await until(({ policy: { name } }) => name === 'ring');
    expect(now.policy.bundle).toMatchObject({ group: 'ring-1' });
    const ran = await office.run(['node', 'test/journeys/scripts/openai-sdk.mjs', 'chat', 'about falcon']);
    expect(ran.stdout).toContain('names');
    await publisher.pushUnchecked({ 'policy.yaml': policy('everybody', 'warn') });
    server.hint();
    await sleep(700);
    expect((await status()).policy.name).toBe('ring');
  });
});

describe('switches', () => {
  const until_ = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const push = async (switches: object[]): Promise<void> => {
    await publisher.push(policy('easy', 'warn'), { switches: { postern: 1, switches } });
    server.hint();
  };

  it('stop calls for those they name, or step aside, and end by themselves', async () => {
    await push([
      {
        id: 'others',
        what: 'block',
        who: { devices: ['another'] },
        until: until_(60_000),
        reason: 'not here',
      },
      { id: 'stop-1', what: 'block', who: { groups: ['ring-1'] }, until: until_(60_000), reason: 'a leak' },
    ]);
    const blocked = await until(({ policy: { switches } }) => switches?.[0]?.id === 'stop-1');
    expect(blocked.policy.switches).toHaveLength(1);
    expect(blocked.degraded[0]).toMatchObject({ code: 'switch-block' });
    expect(await ask()).toMatchObject({ ok: false, message: expect.stringContaining('a leak') });

    await push([
      { id: 'aside-1', what: 'aside', who: {}, until: until_(60_000), reason: 'it breaks builds' },
    ]);
    await until(({ policy: { switches } }) => switches?.[0]?.id === 'aside-1');
    const before = (await status()).counters;
    expect(await issuerOf('api.openai.com')).toBe('Office Provider Root');
    // Browsers keep sending AI calls here, so that they are governed again when it ends.
    expect(await (await fetch(office.ready.pac)).text()).toContain('api.openai.com');
    const after = (await status()).counters;
    expect(after.exchanges).toBe(before.exchanges);
    expect(after.tunnels).toBeGreaterThan(before.tunnels);

    await push([
      { id: 'apps-1', what: 'block', who: { apps: ['claude-code'] }, until: until_(60_000), reason: 'x' },
    ]);
    await until(({ policy: { switches } }) => switches?.[0]?.id === 'apps-1');
    expect(await ask()).toMatchObject({ ok: true });
    expect((await status()).counters.exchanges).toBe(before.exchanges + 1);
    await push([]);
    await until(({ policy: { switches } }) => switches === undefined);
  });
});

describe('whatever is signed', () => {
  it('inspection is not widened beyond what the device CA may sign for: that stays a local decision', async () => {
    await publisher.push(
      policy('wide', 'warn', 'services: [{ match: [www.bank.example], mode: direct }]\n'),
      {
        group: 'ring-1',
        catalogue: {
          postern: 1,
          services: [
            {
              id: 'bank',
              name: 'Bank',
              vendor: 'Bank',
              kind: 'api',
              hosts: ['login.bank.example'],
              paths: [],
              defaultMode: 'direct',
              evidence: 'K',
            },
          ],
        },
      },
    );
    server.hint();
    const wide = await until(({ policy: { name } }) => name === 'wide');
    expect(wide.ca.uncovered).toEqual(expect.arrayContaining(['www.bank.example', 'login.bank.example']));
    expect(wide.degraded).toContainEqual(expect.objectContaining({ code: 'outside-name-constraints' }));
    for (const host of ['www.bank.example', 'login.bank.example'])
      expect(await issuerOf(host)).toBe('Office Provider Root');
  });
});

describe('the way to the server', () => {
  it('is told in plain words when it is a sign-in page, and mends itself', async () => {
    server.say('*', (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel</html>'),
    );
    await office.postern(['status']);
    server.hint();
    const portal = async (): Promise<AgentStatus> =>
      until(({ policy: { bundle } }) => bundle?.trouble !== undefined);
    const reload = await callReload();
    expect(reload).toBe(true);
    const now = await portal();
    expect(now.policy.bundle?.trouble).toMatchObject({
      code: 'captive-portal',
      mend: expect.stringMatching(/browser/),
    });
    expect(now.policy.name).toBe('wide');
    expect((await office.postern(['status'])).stdout).toContain('A sign-in page answered');
    server.say('*', undefined);
    await callReload();
    await until(({ policy: { bundle } }) => bundle?.trouble === undefined);
  });
});

/** `reload` of the local API looks at the policy server at once. */
async function callReload(): Promise<boolean> {
  const { connect } = await import('../../agent/src/cli/context.ts');
  await connect({ home: office.home, configFile: undefined }).reload({});
  return true;
}

/** Who vouches for this host, as a client behind the agent sees it. */
async function issuerOf(host: string): Promise<string> {
  const { hostname, port } = new URL(office.ready.proxy);
  const socket = net.connect(Number(port), hostname);
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  const secure = tls.connect({ socket, servername: host, rejectUnauthorized: false });
  await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
  const issuer = String(secure.getPeerCertificate().issuer.CN);
  secure.destroy();
  return issuer;
}
