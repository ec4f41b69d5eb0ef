/** A proxy to measure against: how it is had, started and stopped. Each peer says in one word why it can't run. */
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';

export interface PeerContext {
  /** A folder of the peer's own, empty. */
  readonly folder: string;
  /** File with the origin's root certificate: what the peer must trust upstream. */
  readonly originCaFile: string;
}

export interface RunningPeer {
  readonly port: number;
  /** PEM of the root that the client must trust; undefined if the peer doesn't terminate TLS. */
  readonly ca: string | undefined;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  /** Installs what is needed; the reason if that fails. */
  prepare(): Promise<{ readonly missing: string } | undefined>;
  start(context: PeerContext): Promise<RunningPeer>;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program that answers on `port`; resolves once it accepts connections. */
export async function startServer(
  command: string,
  args: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000);
  });
  const deadlineMs = performance.now() + 30_000;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${complaints}`);
    if (await accepts(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  throw new Error(`${command} did not listen on ${port}: ${complaints}`);
}

export const stopServer = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 3_000).unref();
  });

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
