import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutgoing, type OutgoingWithStats } from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { type BadUpstream, type BadUpstreams, startBadUpstreams } from '../../kit/bad-upstreams.ts';
import { fetchOnce } from '../../kit/upstream-call.ts';

const PROMPT = Buffer.from('{"prompt":"secret"}');
let upstreams: BadUpstreams;
let outgoing: OutgoingWithStats;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-bad-'));
  upstreams = await startBadUpstreams();
  outgoing = createOutgoing({
    extraCertificates: [upstreams.rootPem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 2_000, handshakeMs: 3_000 },
  });
});
afterAll(async () => {
  upstreams.close();
  await outgoing.close();
  rmSync(folder, { recursive: true });
});

async function ask(one: BadUpstream, protocol: 'h1' | 'h2') {
  const target = { host: one.host, port: one.port, address: '127.0.0.1' };
  if (one.listed) await outgoing.prefetchRevocation(target);
  return fetchOnce(outgoing, target, { body: PROMPT, protocol, headers: ['Host', one.host] });
}

async function inHostileProcess(task: object): Promise<Record<string, string>> {
  const stranger = join(folder, 'stranger.pem');
  writeFileSync(stranger, upstreams.untrustedRootPem);
  const child = spawn(
    process.execPath,
    [new URL('../../kit/bad-upstreams-client.ts', import.meta.url).pathname],
    {
      env: {
        PATH: process.env['PATH'],
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
        NODE_EXTRA_CA_CERTS: stranger,
        SSL_CERT_FILE: stranger,
        SSL_CERT_DIR: folder,
        UNDICI_USE_MILO: '1',
        NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=ALL:@SECLEVEL=0 --use-openssl-ca',
        NODE_NO_WARNINGS: '1',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  child.stdin.end(JSON.stringify(task));
  return JSON.parse(await text(child.stdout));
}

describe('bad upstreams', () => {
  it('are many, and accepted once their fault is mended', async () => {
    expect(upstreams.bad.length).toBeGreaterThanOrEqual(40);
    for (const one of upstreams.good) {
      const answer = await ask(one, 'h1');
      expect([one.name, answer.error?.message, answer.status]).toEqual([one.name, undefined, 200]);
      expect(upstreams.received(one.name)).toBeGreaterThan(0);
    }
  });

  it.each(['h1', 'h2'] as const)('get no byte of a request over %s', async (protocol) => {
    const codes: Record<string, string | undefined> = {};
    for (const one of upstreams.bad) codes[one.name] = (await ask(one, protocol)).error?.code;
    expect(codes).toEqual(Object.fromEntries(upstreams.bad.map((one) => [one.name, one.code])));
    expect(upstreams.bad.filter((one) => upstreams.received(one.name) !== 0)).toEqual([]);
  });

  it('get no byte whatever the environment says', { timeout: 60_000 }, async () => {
    const all = [...upstreams.good, ...upstreams.bad];
    const codes = await inHostileProcess({ rootPem: upstreams.rootPem, upstreams: all, naive: false });
    expect(codes).toEqual(
      Object.fromEntries([
        ...upstreams.good.map((one) => [one.name, '200']),
        ...upstreams.bad.map((one) => [one.name, one.code]),
      ]),
    );
    expect(upstreams.bad.filter((one) => upstreams.received(one.name) !== 0)).toEqual([]);
  });

  it('would get the request from a client with Node’s defaults in that environment', async () => {
    const trusting = ['expired', 'self-signed', 'untrusted root', 'wrong host'];
    const some = upstreams.bad.filter((one) => trusting.includes(one.name));
    const results = await inHostileProcess({ rootPem: '', upstreams: some, naive: true });
    expect(results).toEqual(Object.fromEntries(trusting.map((name) => [name, '200'])));
  });
});
