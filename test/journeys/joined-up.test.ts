/**
 * One agent in one organisation: enrolled, signed in, with pushed policy, a gateway and telemetry, and each of them in
 * trouble. What is looked at is where the parts meet: the root by enrolment, groups and switches by sign-in, and what
 * status says with what to do.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../agent/src/cli/context.ts';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Desk, openDesk } from '../kit/agent-process.ts';
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
  desk.configure({
    upstream: { extraCaFile: caFile, allowPrivateTargets: true },
    identity: { issuer: provider.issuer, clientId: CLIENT_ID, prompt: 'consent' },
    policy: { source: { url: policies.url, pollSeconds: 3600, groups: ['ring-1'] } },
    secrets: { store: 'file' },
  });
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
