/**
 * What every real gateway under test stands in: a fake provider behind it, a folder of its own, its process on loopback, and
 * before it the relay that remembers what came.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FakeProvider, startFakeProvider } from '../fake-provider/server.ts';
import { cleanEnvironment } from '../office.ts';
import { createTestAuthority, type TestAuthority } from '../pki.ts';
import { type RecordingRelay, type RelayOptions, startRecordingRelay } from './recording-relay.ts';

const START_SECONDS = 10;

/** Where a gateway will run: all there is before its process. */
export interface GatewaySite {
  readonly authority: TestAuthority;
  readonly provider: FakeProvider;
  /** `https://localhost:PORT` of the provider. */
  readonly providerUrl: string;
  readonly folder: string;
  /** The provider's root certificate. */
  readonly ca: string;
  readonly port: number;
  /** Writes a file into the folder; its path. */
  write(name: string, content: string): string;
}

export interface GatewayProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly healthPath: string;
  readonly startSeconds?: number;
  readonly relay: Omit<RelayOptions, 'port'>;
}

export interface RunningGateway {
  readonly relay: RecordingRelay;
  /** All that it wrote so far. */
  log(): string;
  /** Forgets what relay and provider have seen. */
  forget(): void;
  stop(): Promise<void>;
}

export async function openSite(name: string): Promise<GatewaySite> {
  const authority = await createTestAuthority(`${name} Provider Root`);
  const provider = await startFakeProvider(authority);
  const folder = mkdtempSync(path.join(tmpdir(), `postern-${name.toLowerCase()}-`));
  const write = (file: string, content: string): string => {
    const at = path.join(folder, file);
    writeFileSync(at, content);
    return at;
  };
  return {
    authority,
    provider,
    providerUrl: `https://localhost:${provider.port}`,
    folder,
    ca: write('ca.pem', authority.pem),
    port: await freePort(),
    write,
  };
}

export async function startAt(
  { folder, port, provider }: GatewaySite,
  { command, args, env, healthPath, startSeconds, relay: relayOptions }: GatewayProcess,
): Promise<RunningGateway> {
  const gateway = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: cleanEnvironment({ HOME: folder, ...env }),
  });
  let log = '';
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  const close = async (): Promise<void> => {
    await ended(gateway);
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}${healthPath}`;
  await orStop(close, () => reachable(url, gateway, () => log, startSeconds));
  const relay = await startRecordingRelay({ port, ...relayOptions });
  return {
    relay,
    log: () => log,
    forget() {
      relay.received.length = 0;
      provider.received.length = 0;
    },
    async stop() {
      await relay.close();
      await close();
    },
  };
}

/** What is running is stopped if the rest of the start fails. */
export async function orStop<Result>(
  stop: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await stop();
    throw error;
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

async function reachable(
  url: string,
  gateway: ChildProcess,
  log: () => string,
  seconds = START_SECONDS,
): Promise<void> {
  for (let attempt = 0; attempt < 10 * seconds; attempt += 1) {
    if (gateway.exitCode !== null) throw new Error(`it ended with code ${gateway.exitCode}:\n${log()}`);
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)); // not yet
    }
  }
  throw new Error(`${url} did not come up:\n${log()}`);
}
