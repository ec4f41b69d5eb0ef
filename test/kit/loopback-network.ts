/**
 * A network with nothing but loopback in it, for a part of a test's processes: what they do can't leave the machine,
 * whatever they try. Linux network namespaces; where none may be made, the answer says why.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const RELAY = path.join(import.meta.dirname, 'loopback-relay.ts');

export interface LoopbackNetwork {
  /** The words that run a command inside. */
  inside(command: readonly [string, ...string[]]): [string, ...string[]];
  close(): Promise<void>;
}

/** `ports`: of outer loopback servers that are to be reached inside, under the same numbers. */
export async function openLoopbackNetwork(
  ports: readonly number[],
): Promise<LoopbackNetwork | { readonly missing: string }> {
  if (process.platform !== 'linux')
    return { missing: `network namespaces are Linux's; this is ${process.platform}` };
  const asRoot = process.getuid?.() === 0;
  const unshare = ['unshare', asRoot ? '-n' : '-rn'];
  try {
    await exec('unshare', [...unshare.slice(1), 'ip', 'link', 'set', 'lo', 'up']);
    await exec('nsenter', ['--version']);
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `no network namespace may be made here: ${why}` };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-net-'));
  const doors = ports.map((port) => ({ port, socket: path.join(folder, `${port}.sock`) }));
  const servers = await Promise.all(doors.map(({ port, socket }) => openDoor(port, socket)));
  const words = doors.map(({ port, socket }) => `${port}=${socket}`);
  const script = 'ip link set lo up && exec "$@"';
  const holder = spawn(
    'unshare',
    [...unshare.slice(1), 'sh', '-c', script, 'sh', process.execPath, RELAY, ...words],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`the network's relay ended with ${code}`)));
  });
  const { pid } = holder;
  const enter = ['nsenter', '-t', String(pid), ...(asRoot ? ['-n'] : ['-U', '--preserve-credentials', '-n'])];
  return {
    inside: (command) => [enter[0] ?? 'nsenter', ...enter.slice(1), ...command],
    async close() {
      const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
      holder.stdin.end();
      await ended;
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** From the Unix socket to the outer port. */
function openDoor(port: number, socketPath: string): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, (inside) => {
    const outside = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const side of [inside, outside]) {
      side.on('error', () => {
        inside.destroy(); // either end has gone: so must the other
        outside.destroy();
      });
    }
    inside.pipe(outside);
    outside.pipe(inside);
  });
  return new Promise((resolve) => server.listen(socketPath, () => resolve(server)));
}
