/**
 * One agent in one organisation: enrolled, signed in, with pushed policy, a gateway and telemetry, and each of them in
 * trouble. What is looked at is where the parts meet: the root by enrolment, groups and switches by sign-in, and what
 * status says with what to do.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../agent/src/cli/context.ts';
import type { CheckResult } from '../../agent/src/cli/doctor/check.ts';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Desk, openDesk } from '../kit/agent-process.ts';
import { startCorporateProxy } from '../kit/corporate-proxy.ts';
import { type EnrolmentServer, startEnrolmentServer } from '../kit/enrolment-server.ts';
import { CLIENT_ID, type OpenIdProvider, startOpenIdProvider } from '../kit/openid-provider.ts';
import { browse } from '../kit/person.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';
import { openPolicyServer, type PolicyServer } from '../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../kit/publisher.ts';

const closing: (() => unknown)[] = [];
let desk: Desk;
let authority: TestAuthority;
let provider: OpenIdProvider;
let organisation: EnrolmentServer;
let publisher: Publisher;
let policies: PolicyServer;
let config: Record<string, unknown>;
beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pstn-joined-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  authority = await createTestAuthority('Acme Root');
  provider = await startOpenIdProvider({ authority });
  closing.push(() => provider.close());
  organisation = await startEnrolmentServer(await authority.issue({ addresses: ['127.0.0.1'] }));
  closing.push(() => organisation.close());
  publisher = await openPublisher(path.join(folder, 'org'), { rootKeys: 1, rootThreshold: 1 });
  await publisher.push('postern: 1\nname: everybody\n');
  organisation.roots = [publisher.fingerprint.replace(/^sha256:/, '')];
  policies = await openPolicyServer(publisher.directory);
  closing.push(() => policies.close());
  desk = openDesk();
  closing.push(() => desk.clear());
  const caFile = path.join(desk.folder, 'acme-ca.pem');
  writeFileSync(caFile, authority.pem);
  config = {
    upstream: { extraCaFile: caFile, allowPrivateTargets: true },
    identity: { issuer: provider.issuer, clientId: CLIENT_ID, prompt: 'consent' },
    policy: { source: { url: policies.url, pollSeconds: 3600, groups: ['ring-1'] } },
    secrets: { store: 'file' },
  };
  desk.configure(config);
  await desk.start();
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const api = () => connect({ home: desk.home, configFile: undefined });
const status = (): Promise<AgentStatus> => api().status({});
const look = (): Promise<unknown> => api().reload({});

async function until(good: (now: AgentStatus) => boolean, limitMs = 10_000): Promise<AgentStatus> {
  const end = Date.now() + limitMs;
  for (;;) {
    const now = await status();
    if (good(now)) return now;
    if (Date.now() > end)
      throw new Error(`not so: ${JSON.stringify(now.policy)} ${JSON.stringify(now.degraded)}`);
    await sleep(50);
  }
}

const named = (name: string) => (now: AgentStatus) => now.policy.name === name;
const switchedBy = (id: string | undefined) => (now: AgentStatus) => now.policy.switches?.[0]?.id === id;

describe('a device that joins an organisation', () => {
  it('takes the policy that the root of its enrolment vouches for, at once', async () => {
    const before = await until(({ policy: { bundle } }) => bundle?.trouble !== undefined);
    expect(before.policy.bundle?.trouble).toMatchObject({
      code: 'no-root',
      mend: expect.stringContaining('enrol this device'),
    });
    const enrolled = await desk.postern(['enroll', organisation.url, '--token', 'one-time']);
    expect(enrolled).toMatchObject({ code: 0 });
    const now = await until(named('everybody'));
    expect(now.policy.bundle?.trouble).toBeUndefined();
  });

  it("takes its person's policy at sign-in, after device management's groups, and gives it back at sign-out", async () => {
    await publisher.push('postern: 1\nname: engineers\n', { group: 'engineering' });
    await look();
    expect((await status()).policy).toMatchObject({ name: 'everybody', bundle: { groups: ['ring-1'] } });
    const { url } = await api().signIn({ flow: 'browser' });
    await browse(url, { ca: authority.pem });
    const here = await until(named('engineers'));
    expect(here.identity.user?.name).toBe('ann@acme.test');
    expect(here.policy.bundle).toMatchObject({
      group: 'engineering',
      groups: ['ring-1', 'engineering', 'staff'],
    });
    await publisher.push('postern: 1\nname: ring\n', { group: 'ring-1' });
    await look();
    expect((await status()).policy.name).toBe('ring');
    await publisher.push('postern: 1\nname: ring-only\n', { group: 'ring-1' });
  });

  it('is switched by the name that its person signs in with, by their group, and by the id of its key', async () => {
    const { id } = (await status()).device;
    const until_ = new Date(Date.now() + 60_000).toISOString();
    const one = (name: string, who: object) => ({ id: name, what: 'block', who, until: until_, reason: 'x' });
    for (const [name, who] of [
      ['by-name', { users: ['Ann@Acme.test'] }],
      ['by-subject', { users: ['ann'] }],
      ['by-group', { groups: ['staff'] }],
      ['by-device', { devices: [id] }],
    ] as const) {
      await publisher.push('postern: 1\nname: everybody\n', {
        switches: { postern: 1, switches: [one(name, who)] },
      });
      await look();
      await until(switchedBy(name));
    }
    await publisher.push('postern: 1\nname: everybody\n', {
      switches: { postern: 1, switches: [one('by-name', { users: ['ann@acme.test'] })] },
    });
    await look();
    await until(switchedBy('by-name'));
    await api().signOut({});
    await until(switchedBy(undefined));
    const out = await until(({ policy: { bundle } }) => bundle?.groups.length === 1);
    expect(out.policy).toMatchObject({ name: 'ring-only', bundle: { groups: ['ring-1'] } });
  });
});

/** What `postern doctor` says under a name. */
async function doctor(of: Desk): Promise<(name: string) => readonly CheckResult[]> {
  const { stdout } = await of.postern(['doctor', '--json']);
  const { checks } = JSON.parse(stdout) as { checks: readonly CheckResult[] };
  return (name) => checks.filter((check) => check.name === name);
}

const VIA_GATEWAY = 'services: [{ match: [openai], mode: gateway }]\n';
/** What status says under this code, in both its forms, with something to do. */
async function told(code: string): Promise<{ text: string; mend?: string | undefined }> {
  const { degraded } = await until((now) => now.degraded.some((one) => one.code === code));
  const [found] = degraded.filter((one) => one.code === code);
  if (found?.mend === undefined) throw new Error(`${code} says nothing that somebody could do`);
  const shown = (await desk.postern(['status'])).stdout.replace(/\s+/g, ' ');
  for (const words of [found.text, found.mend]) expect(shown).toContain(words.replace(/\s+/g, ' '));
  return found;
}

describe('trouble, in status with what to do', () => {
  it.each<[string, string, (whole: Buffer) => Buffer | string]>([
    ['a bundle that is cut short', 'truncated', (whole) => whole.subarray(0, whole.length / 2)],
    [
      'a bundle of a schema version that nobody knows yet',
      'unknown-version',
      (whole) => whole.toString().replace(/"spec_version":\s*"1\.[^"]*"/, '"spec_version": "2.0.0"'),
    ],
  ])('%s: the policy in force stays', async (_what, code, damaged) => {
    const { name } = (await status()).policy;
    await publisher.push('postern: 1\nname: next\n', { group: 'ring-1' });
    const whole = readFileSync(path.join(publisher.directory, 'timestamp.json'));
    policies.say('/timestamp.json', (_request, response) => response.end(damaged(whole)));
    await look();
    await told(`policy-source-${code}`);
    expect((await status()).policy.name).toBe(name);
    policies.say('/timestamp.json', undefined);
    await publisher.push(`postern: 1\nname: after-${code}\n`, { group: 'ring-1' });
    await look();
    const after = await until(named(`after-${code}`));
    expect(after.policy.bundle?.trouble).toBeUndefined();
  });

  it('a file within a bundle that is cut short', async () => {
    await publisher.push('postern: 1\nname: cut\n', { group: 'ring-1' });
    policies.say('*', (request, response) => {
      const file = path.join(publisher.directory, new URL(request.url ?? '/', policies.url).pathname);
      if (!existsSync(file)) return void response.writeHead(404).end();
      const whole = readFileSync(file);
      response.end(file.includes('/targets/') ? whole.subarray(0, 5) : whole);
    });
    await look();
    await told('policy-source-not-as-signed');
    expect((await status()).policy.name).toBe('after-unknown-version');
    policies.say('*', undefined);
    await look();
    await until(named('cut'));
  });

  it('a gateway that answers HTML', async () => {
    const hotel = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel</html>'),
    );
    await new Promise<void>((resolve) => hotel.listen(0, '127.0.0.1', resolve));
    const { port } = hotel.address() as AddressInfo;
    await publisher.push(`postern: 1\nname: routed\n${VIA_GATEWAY}`, { group: 'ring-1' });
    await look();
    desk.configure({
      ...config,
      gateway: { kind: 'litellm', baseUrl: `http://127.0.0.1:${port}`, virtualKey: 'sk-virtual' },
    });
    await look();
    const { text, mend } = await told('gateway-down');
    expect(text).toContain('not-a-gateway');
    expect(mend).toContain('sign in to the network');
    const checks = await doctor(desk);
    expect(checks('gateway')).toEqual([
      expect.objectContaining({ state: 'fail', why: expect.stringContaining('not-a-gateway') }),
    ]);
    expect(checks('policy source')).toEqual([
      expect.objectContaining({
        state: 'ok',
        why: expect.stringMatching(/version \d+ of ring-1, root 1, asked/),
      }),
    ]);
    expect(checks('sign-in')).toEqual([
      expect.objectContaining({ state: 'ok', why: expect.stringContaining('can be reached') }),
      expect.objectContaining({ state: 'warn', mend: expect.stringContaining('postern login') }),
    ]);
    expect(checks('secrets')).toEqual([expect.objectContaining({ state: 'ok', why: 'kept in the file' })]);
    await new Promise((resolve) => hotel.close(resolve));
    desk.configure(config);
    await look();
  });
});

describe('a corporate proxy that wants other credentials', () => {
  it('is named by each part that meets it', async () => {
    const proxy = await startCorporateProxy({
      route: () => undefined,
      credentials: { user: 'u', password: 'p' },
    });
    closing.push(() => proxy.close());
    const other = openDesk();
    closing.push(() => other.clear());
    const policyFile = path.join(other.folder, 'policy.yaml');
    writeFileSync(policyFile, `postern: 1\nname: routed\n${VIA_GATEWAY}`);
    other.configure({
      upstream: { proxy: proxy.url.replace('u:p', 'u:wrong') },
      identity: { issuer: 'https://id.acme.test', clientId: CLIENT_ID },
      tenant: { id: 'acme', enrolUrl: 'https://enrol.acme.test/', enrolToken: 'one-time' },
      gateway: { kind: 'litellm', baseUrl: 'https://ai.acme.test', virtualKey: 'sk-virtual' },
      policy: {
        file: policyFile,
        source: { url: 'https://policy.acme.test/', rootFingerprint: publisher.fingerprint },
      },
      telemetry: { otlpEndpoint: 'https://otel.acme.test/', heartbeatSeconds: 5, metricsIntervalSeconds: 5 },
      secrets: { store: 'file' },
    });
    await other.start();
    const login = await other.postern(['login', '--no-browser']);
    expect(login).toMatchObject({ code: 1, stderr: expect.stringContaining('upstream.proxy') });
    const api = connect({ home: other.home, configFile: undefined });
    const parts: [string, RegExp][] = [
      ['policy-source-proxy-auth', /^/],
      ['gateway-down', /ai\.acme\.test/],
      ['proxy-credentials', /otel\.acme\.test/],
      ['proxy-credentials', /enrol\.acme\.test/],
    ];
    const end = Date.now() + 20_000;
    for (const [code, text] of parts) {
      for (;;) {
        const { degraded, telemetry } = await api.status({});
        const problems = [
          ...degraded,
          ...(telemetry?.destinations ?? []).flatMap(({ problem }) => problem ?? []),
        ];
        const found = problems.find((one) => one.code === code && text.test(one.text));
        if (found !== undefined) {
          expect(found.mend).toContain('upstream.proxy');
          break;
        }
        if (Date.now() > end)
          throw new Error(`nothing under ${code}: ${JSON.stringify(degraded, undefined, 1)}`);
        await sleep(100);
      }
    }
    const checks = await doctor(other);
    for (const name of ['policy source', 'telemetry', 'sign-in', 'gateway', 'upstream proxy'])
      expect(checks(name)[0]).toMatchObject({ state: 'fail', mend: expect.any(String) });
  }, 60_000);
});
