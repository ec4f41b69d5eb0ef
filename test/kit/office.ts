/**
 * A whole office on loopback: a fake provider for every AI host, the corporate proxy in front of it, and the real
 * agent as its own process, started by its own command. Tests drive it with real clients.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Ran, runClient } from './clients.ts';
import { type CorporateProxy, startCorporateProxy } from './corporate-proxy.ts';
import { type FakeProvider, startFakeProvider } from './fake-provider/server.ts';
import { type LoopbackNetwork, openLoopbackNetwork } from './loopback-network.ts';
import { createTestAuthority, type TestAuthority } from './pki.ts';

export const POSTERN = path.join(import.meta.dirname, '..', '..', 'agent', 'bin', 'postern.js');

export interface Ready {
  readonly proxy: string;
  readonly pac: string;
  readonly ca: string;
  readonly socket: string;
  readonly policy: { readonly name: string; readonly revision: string };
}

export interface OfficeOptions {
  /** A policy document (YAML); the starter policy if absent. */
  readonly policy?: string;
  /** More of the agent's config, merged over what the office needs. */
  readonly config?: Record<string, unknown>;
  readonly proxyCredentials?: { readonly user: string; readonly password: string };
  /** Ports for authorities that the provider doesn't serve; undefined falls through to the provider. */
  readonly route?: (host: string, port: number) => number | undefined;
  /** PEM of more authorities that the agent believes upstream. */
  readonly trust?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Node's own flags for the agent, and variables for it alone, once the office's folder is there. */
  readonly prepare?: (folder: string) => {
    readonly nodeFlags: readonly string[];
    readonly env: NodeJS.ProcessEnv;
  };
  /** The agent's home; a new one in the office's folder if absent. */
  readonly home?: string;
  /** Agent and clients in a network of their own that holds loopback and the corporate proxy, where one may be made. */
  readonly loopbackOnly?: boolean;
}

export interface Office {
  readonly folder: string;
  readonly home: string;
  readonly configFile: string;
  readonly policyFile: string | undefined;
  readonly authority: TestAuthority;
  readonly provider: FakeProvider;
  readonly proxy: CorporateProxy;
  readonly ready: Ready;
  readonly agent: ChildProcess;
  /** Why agent and clients share the machine's network after all; undefined where they have one of their own. */
  readonly sharesNetwork: string | undefined;
  /** All that the agent wrote to stderr so far. */
  log(): string;
  /** Runs `postern ARGS` against this office's home. */
  postern(
    args: readonly string[],
    options?: { stdin?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number },
  ): Promise<Ran>;
  /** `postern run -- COMMAND`: a real client under governance. */
  run(
    command: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number; stdin?: string },
  ): Promise<Ran>;
  stop(): Promise<void>;
}

/** The caller's environment without anything that would steer a client or the agent. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const name of ['PATH', 'LANG', 'TMPDIR', 'USER', 'LOGNAME', 'SHELL']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return { ...env, ...extra };
}

export async function openOffice(options: OfficeOptions = {}): Promise<Office> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-office-'));
  const home = options.home ?? path.join(folder, 'home');
  const authority = await createTestAuthority('Office Provider Root');
  const provider = await startFakeProvider(authority);
  const proxy = await startCorporateProxy({
    route: (host, port) => options.route?.(host, port) ?? provider.port,
    ...(options.proxyCredentials && { credentials: options.proxyCredentials }),
  });
  const extraCaFile = path.join(folder, 'corp-ca.pem');
  writeFileSync(extraCaFile, [authority.pem, ...(options.trust ?? [])].join('\n'));
  const policyFile = options.policy === undefined ? undefined : path.join(folder, 'policy.yaml');
  if (policyFile) writeFileSync(policyFile, options.policy ?? '');
  const configFile = path.join(folder, 'config.json');
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { proxy: proxy.url, extraCaFile },
    ...(policyFile && { policy: { file: policyFile } }),
    ...options.config,
  };
  writeFileSync(configFile, JSON.stringify(config, undefined, 2));
  const env = cleanEnvironment({ HOME: folder, ...options.env });
  const network: LoopbackNetwork | { readonly missing: string } = options.loopbackOnly
    ? await openLoopbackNetwork([Number(new URL(proxy.url).port)])
    : { missing: 'it was not asked for' };
  const place = (...words: [string, ...string[]]): [string, string[]] => {
    const [command, ...args] = 'missing' in network ? words : network.inside(words);
    return [command, args];
  };
  const own = options.prepare?.(folder);
  const agent = spawn(
    ...place(
      process.execPath,
      ...(own?.nodeFlags ?? []),
      POSTERN,
      'start',
      '--json',
      '--home',
      home,
      '--config',
      configFile,
    ),
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, ...own?.env } },
  );
  let log = '';
  agent.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    createInterface({ input: agent.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready));
    agent.once('exit', (code) =>
      reject(new Error(`the agent ended with ${code} before it was ready:\n${log}`)),
    );
  });
  const office: Office = {
    folder,
    home,
    configFile,
    policyFile,
    authority,
    provider,
    proxy,
    ready,
    agent,
    sharesNetwork: 'missing' in network ? network.missing : undefined,
    log: () => log,
    postern: (args, { stdin, env: extra, timeoutMs = 20_000 } = {}) =>
      runClient(...place(process.execPath, POSTERN, ...args, '--home', home, '--config', configFile), {
        env: { ...env, ...extra },
        timeoutMs,
        ...(stdin !== undefined && { stdin }),
      }),
    run: (command, { env: extra, timeoutMs = 60_000, ...rest } = {}) =>
      runClient(
        ...place(process.execPath, POSTERN, 'run', '--home', home, '--config', configFile, '--', ...command),
        {
          env: { ...env, ...extra },
          timeoutMs,
          ...rest,
        },
      ),
    async stop() {
      await new Promise<void>((resolve) => {
        if (agent.exitCode !== null || agent.signalCode !== null) return resolve();
        agent.once('exit', () => resolve());
        agent.kill('SIGTERM');
      });
      if (!('missing' in network)) await network.close();
      await proxy.close();
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return office;
}

/** A random AWS key id of the documented shape (never a real one), built at run time. */
export function liveLookingAwsKey(seed = 7): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let state = seed * 2654435761;
  let id = '';
  for (let index = 0; index < 16; index += 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    id += alphabet[Math.floor((state / 2147483648) * 32)];
  }
  return `${'AK'}${'IA'}${id}`;
}
