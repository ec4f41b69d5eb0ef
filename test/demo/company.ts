/** Everything that stands in a company's data centre, on loopback, each as a server of its own. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CorporateProxy, startCorporateProxy } from '../kit/corporate-proxy.ts';
import { type FakeProvider, startFakeProvider } from '../kit/fake-provider/server.ts';
import type { ContractServer } from '../kit/gateways/contract-server.ts';
import { startLitellm } from '../kit/gateways/litellm.ts';
import { type KeyExchange, startKeyExchange } from '../kit/key-exchange.ts';
import { CLIENT_ID, type OpenIdProvider, startOpenIdProvider } from '../kit/openid-provider.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../kit/otlp-receiver.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';
import { openPolicyServer, type PolicyServer } from '../kit/policy-server.ts';

/** Between the pieces of a streamed answer, so that one can see it come. */
const PIECE_DELAY_MS = 60;

export interface Company {
  readonly folder: string;
  /** Of the certificates of its own servers. */
  readonly authority: TestAuthority;
  readonly login: OpenIdProvider;
  readonly keys: KeyExchange;
  readonly gateway: ContractServer;
  readonly policies: PolicyServer;
  /** The folder that the policy server serves. */
  readonly published: string;
  readonly collector: OtlpReceiver;
  /** Every AI provider on the internet, where no call may arrive. */
  readonly providers: FakeProvider;
  /** The only way out of the office. */
  readonly proxy: CorporateProxy;
  /** An agent's configuration, as device management would bring it. */
  agentConfig(rootFingerprint: string, hints: boolean): Record<string, unknown>;
  close(): Promise<void>;
}

export async function openCompany(): Promise<Company> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  const opened = async <T>(starting: Promise<T>, end: (server: T) => unknown): Promise<T> => {
    const server = await starting;
    closing.push(() => end(server));
    return server;
  };
  try {
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-demo-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const authority = await createTestAuthority('Acme Root');
    const certificate = await authority.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
    const caFile = path.join(folder, 'acme-ca.pem');
    writeFileSync(caFile, authority.pem);
    const login = await opened(startOpenIdProvider({ authority }), (server) => server.close());
    const keys = await opened(startKeyExchange(authority, login), (server) => server.close());
    const gateway = await opened(startLitellm(), (server) => server.stop());
    keys.keyFor = (person) => `sk-${randomUUID().slice(0, 8)}-of-${person}`;
    gateway.knows = (key) => keys.given.includes(key);
    gateway.delayMs = PIECE_DELAY_MS;
    const published = path.join(folder, 'published');
    const policies = await opened(openPolicyServer(published, certificate), (server) => server.close());
    const collector = await opened(startOtlpReceiver(certificate), (server) => server.close());
    const providers = await opened(startFakeProvider(authority), (server) => server.close());
    const proxy = await opened(startCorporateProxy({ route: () => providers.port }), (server) =>
      server.close(),
    );
    return {
      folder,
      authority,
      login,
      keys,
      gateway,
      policies,
      published,
      collector,
      providers,
      proxy,
      agentConfig: (rootFingerprint, hints) => ({
        listen: { port: 0 },
        upstream: { proxy: proxy.url, extraCaFile: caFile },
        identity: {
          issuer: login.issuer,
          clientId: CLIENT_ID,
          prompt: 'consent',
          tokenExchange: { endpoint: keys.url, audience: 'ai-gateway', keyName: 'ai-gateway' },
        },
        secrets: { store: 'file' },
        gateway: gateway.config,
        policy: {
          source: {
            url: policies.url,
            pollSeconds: hints ? 60 : 5,
            rootFingerprint,
            ...(hints && { hintUrl: policies.hintUrl }),
          },
        },
        telemetry: {
          otlpEndpoint: collector.url,
          otlpProtocol: 'http/json',
          heartbeatSeconds: 5,
          metricsIntervalSeconds: 5,
        },
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
