/** Policy on the way that everything of the agent takes: verified TLS, the corporate proxy, and what those refuse. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createOutgoing, type OutgoingOptions } from '../../agent/src/intercept/outgoing/outgoing.ts';
import { parseProxyUrl } from '../../agent/src/intercept/outgoing/proxy-url.ts';
import { sendThrough } from '../../agent/src/main/send-http.ts';
import { startCorporateProxy } from '../kit/corporate-proxy.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';
import { openPolicyDevice, type PolicyDevice } from '../kit/policy-device.ts';
import { openPolicyServer, type PolicyServer } from '../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../kit/publisher.ts';

let folder: string;
let authority: TestAuthority;
let publisher: Publisher;
let server: PolicyServer;
let devices = 0;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-tls-'));
  authority = await createTestAuthority();
  publisher = await openPublisher(path.join(folder, 'org'), { rootKeys: 1, rootThreshold: 1 });
  await publisher.push('postern: 1\nname: one\n');
  server = await openPolicyServer(publisher.directory, await authority.issue({ names: ['localhost'] }));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function device(
  options: Partial<OutgoingOptions>,
  changes: { hintUrl?: string; url?: string } = {},
): PolicyDevice {
  const outgoing = createOutgoing({
    extraCertificates: [authority.pem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
    ...options,
  });
  devices += 1;
  const opened = openPolicyDevice(
    path.join(folder, `home-${devices}`),
    { url: server.url, rootFingerprint: publisher.fingerprint, pollSeconds: 3600, ...changes },
    { send: sendThrough(outgoing) },
  );
  closing.push(
    () => opened.source.close(),
    () => outgoing.close(),
  );
  return opened;
}

it('over TLS that is verified, hints included', async () => {
  const here = device({}, { hintUrl: server.hintUrl });
  here.source.start();
  await vi.waitFor(() => expect(here.text()).toBe('postern: 1\nname: one\n'), 5000);
  await vi.waitFor(() => expect(here.source.status().hint).toBe('connected'), 5000);
  await publisher.push('postern: 1\nname: two\n');
  server.hint();
  await vi.waitFor(() => expect(here.text()).toBe('postern: 1\nname: two\n'), 3000);
});

it('a certificate that nobody trusts, and plain HTTP to elsewhere, bring nothing', async () => {
  const other = device({ extraCertificates: [] });
  expect(await other.check()).toBe('unreachable');
  expect(other.source.status().trouble?.text).toMatch(/certificate/i);
  const plain = device({}, { url: 'http://policy.example.com/' });
  expect(await plain.check()).toBe('unreachable');
  expect(plain.source.status().trouble?.text).toMatch(/https only/);
});

it('through the corporate proxy; one that wants other credentials is named with its mend', async () => {
  const { port } = new URL(server.url);
  const proxy = await startCorporateProxy({
    route: () => Number(port),
    credentials: { user: 'u', password: 'p' },
  });
  closing.push(() => proxy.close());
  const good = device({ proxy: parseProxyUrl(proxy.url) });
  expect(await good.check()).toBeUndefined();
  expect(proxy.connects).toContain(`localhost:${port}`);
  const bad = device({ proxy: parseProxyUrl(proxy.url.replace('u:p', 'u:wrong')) });
  expect(await bad.check()).toBe('proxy-auth');
  expect(bad.source.status().trouble?.mend).toContain('upstream.proxy');
});
