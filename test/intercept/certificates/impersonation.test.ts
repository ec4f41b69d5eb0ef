/**
 * "Our CA cannot impersonate your bank": real clients that trust the device's root get leaves that the same
 * intermediate key signed for names it may not speak for. They must not send them a byte of a request.
 */
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { constraintDomains } from '../../../agent/src/intercept/certificates/constraint-domains.ts';
import { createAuthority } from '../../../agent/src/intercept/certificates/create-authority.ts';
import { element, sequence } from '../../../agent/src/intercept/certificates/der.ts';
import { HostCertificates } from '../../../agent/src/intercept/certificates/host-certificates.ts';
import {
  authorityExtensions,
  distinguishedName,
  type Issuer,
  issueCertificate,
  keyIdentifierOf,
  leafExtensions,
  subjectPublicKeyInfo,
  toPem,
} from '../../../agent/src/intercept/certificates/issue.ts';
import { checkAuthority } from '../../../agent/src/intercept/certificates/signing-authority.ts';
import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';
import { missingProgram, TLS_CLIENTS, type TlsClient, type TlsTarget } from '../../kit/tls-clients.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.now();
// As many domains as a real device has: a client that chokes on a long list shows it here.
const made = createAuthority({
  permittedDomains: [
    ...constraintDomains(loadCatalogue().services.flatMap((service) => service.hosts)),
    'openai.test',
    'api.claude.test',
  ],
  deviceName: 'laptop',
  nowMs,
});
const authority = checkAuthority(
  {
    root: { file: 'root', pem: made.rootPem },
    intermediate: { file: 'intermediate', pem: made.intermediatePem },
    key: { file: 'key', pem: made.intermediateKeyPem },
    mend: '',
  },
  nowMs,
);

interface Signer {
  readonly issuer: Issuer;
  readonly chainPem: string;
}

/** The same authority without constraints, as a control: it shows that nothing but these stops a forgery. */
function unconstrainedAuthority(): Signer & { readonly rootPem: string } {
  const isConstraint = (extension: Buffer) => extension.includes(Buffer.from('551d1e', 'hex'));
  const extensions = (pathLength: number) =>
    authorityExtensions(pathLength, sequence()).filter((extension) => !isConstraint(extension));
  const party = (commonName: string): Issuer => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyIdentifier = keyIdentifierOf(subjectPublicKeyInfo(privateKey));
    return { name: distinguishedName('Control', commonName), keyIdentifier, privateKey };
  };
  const root = party('Root');
  const issuer = party('Issuer');
  const certify = (subject: Issuer, pathLength: number) =>
    toPem(
      issueCertificate(root, {
        subject: subject.name,
        publicKey: subjectPublicKeyInfo(subject.privateKey),
        notBeforeMs: nowMs - 2 * DAY_MS,
        notAfterMs: nowMs + 9 * DAY_MS,
        extensions: extensions(pathLength),
      }),
    );
  return { issuer, chainPem: certify(issuer, 0), rootPem: certify(root, 1) };
}
const control = unconstrainedAuthority();

const leafKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const key = leafKey.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Forgery {
  readonly names?: readonly string[];
  readonly address?: string;
  readonly commonName: string;
}

/** What a thief of the key could sign: no check of ours stands between. */
function forge(issuer: Issuer, { names = [], address, commonName }: Forgery): string {
  const [basicConstraints, keyUsage, extendedKeyUsage] = leafExtensions('unused.test');
  const alternatives = names.map((name) => element(0x82, Buffer.from(name)));
  if (address !== undefined) alternatives.push(element(0x87, Buffer.from(address.split('.').map(Number))));
  const subjectAltName = sequence(Buffer.from('0603551d11', 'hex'), element(0x04, sequence(...alternatives)));
  return toPem(
    issueCertificate(issuer, {
      subject: distinguishedName('Thief', commonName),
      publicKey: subjectPublicKeyInfo(leafKey),
      notBeforeMs: Date.now() - DAY_MS,
      notAfterMs: Date.now() + DAY_MS,
      extensions: [
        basicConstraints!,
        keyUsage!,
        extendedKeyUsage!,
        ...(alternatives.length > 0 ? [subjectAltName] : []),
      ],
    }),
  );
}

/** An authority below ours with no constraint of its own; ours has path length 0. */
function forgeBelow(host: string): string {
  const subKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const publicKey = subjectPublicKeyInfo(subKey);
  const name = distinguishedName('Thief', 'Unconstrained authority');
  const basicConstraints = Buffer.from('300f0603551d130101ff040530030101ff', 'hex');
  const certificate = issueCertificate(authority.issuer, {
    subject: name,
    publicKey,
    notBeforeMs: Date.now() - DAY_MS,
    notAfterMs: Date.now() + DAY_MS,
    extensions: [basicConstraints],
  });
  const sub = { name, keyIdentifier: keyIdentifierOf(publicKey), privateKey: subKey };
  return forge(sub, { names: [host], commonName: host }) + toPem(certificate);
}

const forged = (host: string, forgery: Forgery, signer: Signer = authority) => ({
  host,
  chain: forge(signer.issuer, forgery) + signer.chainPem,
});
const FORGERIES = {
  'another name': forged('bank.test', { names: ['bank.test'], commonName: 'bank.test' }),
  'a permitted name as an ending, without a dot': forged('evilopenai.test', {
    names: ['evilopenai.test'],
    commonName: 'evilopenai.test',
  }),
  'a permitted name as a beginning': forged('openai.test.evil.test', {
    names: ['openai.test.evil.test'],
    commonName: 'evil',
  }),
  'the parent of a permitted name': forged('claude.test', {
    names: ['claude.test'],
    commonName: 'openai.test',
  }),
  'a wildcard above the permitted names': forged('shop.test', {
    names: ['*.test'],
    commonName: 'openai.test',
  }),
  'a permitted name and another': forged('mixed.test', {
    names: ['openai.test', 'mixed.test'],
    commonName: 'openai.test',
  }),
  'a common name only': forged('common-name.test', { commonName: 'common-name.test' }),
  'an IP address': forged('127.0.0.1', { address: '127.0.0.1', commonName: 'openai.test' }),
  'a permitted name and an IP address': forged('127.0.0.1', {
    names: ['openai.test'],
    address: '127.0.0.1',
    commonName: 'openai.test',
  }),
  'an authority below ours': {
    host: 'sub-authority.test',
    chain: forgeBelow('sub-authority.test') + authority.chainPem,
  },
};
const CONTROLS = ['bank.test', 'evilopenai.test', '127.0.0.1'].map((host) =>
  forged(
    host,
    host === '127.0.0.1' ? { address: host, commonName: host } : { names: [host], commonName: host },
    control,
  ),
);
const PERMITTED = ['openai.test', 'eu.api.openai.test', 'api.claude.test'];

interface Site extends TlsTarget {
  readonly what: string;
  requestBytes: number;
}

const sites: Site[] = [];
const controlSites: Site[] = [];
const servers: tls.Server[] = [];
let directory: string;

async function serve(what: string, host: string, cert: string, certKey: string): Promise<Site> {
  const server = tls.createServer({ cert, key: certKey }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      site.requestBytes += chunk.length;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const site: Site = { what, host, port: (server.address() as AddressInfo).port, requestBytes: 0 };
  servers.push(server);
  return site;
}

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-impersonation-'));
  const hosts = new HostCertificates(authority, { now: Date.now });
  for (const host of PERMITTED) {
    const certificate = await hosts.forHost(host);
    sites.push(await serve('permitted', host, certificate.cert, certificate.key));
  }
  for (const [what, { host, chain }] of Object.entries(FORGERIES)) {
    sites.push(await serve(what, host, chain, key));
  }
  for (const { host, chain } of CONTROLS) controlSites.push(await serve('control', host, chain, key));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** The sites that got a byte of a request from this client, which trusts this root. */
async function reached(client: TlsClient, targets: readonly Site[], rootPem: string): Promise<string[]> {
  const own = fs.mkdtempSync(path.join(directory, client.name.replace(/\W/g, '-')));
  const rootFile = path.join(own, 'root.pem');
  fs.writeFileSync(rootFile, rootPem);
  for (const site of targets) site.requestBytes = 0;
  await client.visit(targets, rootFile, own);
  return targets.filter((site) => site.requestBytes > 0).map(({ what, host }) => `${what}: ${host}`);
}

describe.skipIf(process.platform === 'win32').for(TLS_CLIENTS)('$name', (client) => {
  const missing = missingProgram(client.programs);

  it('takes leaves of the device for permitted names, and for no other', { timeout: 90_000 }, async ({
    skip,
  }) => {
    if (missing !== undefined) skip(`${missing} is not on this machine`);
    expect(await reached(client, sites, made.rootPem)).toEqual(PERMITTED.map((host) => `permitted: ${host}`));
  });

  it('would take the forgeries without the constraints', { timeout: 90_000 }, async ({ skip }) => {
    if (missing !== undefined) skip(`${missing} is not on this machine`);
    expect(await reached(client, controlSites, control.rootPem)).toEqual(
      CONTROLS.map(({ host }) => `control: ${host}`),
    );
  });
});
