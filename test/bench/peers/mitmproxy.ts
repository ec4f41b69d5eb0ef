/** mitmproxy: PyPI's current one in a virtual environment, else the machine's own. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pythonWith } from '../../kit/clients.ts';
import { freePort, type Peer, startServer, stopServer } from './peer.ts';

let program: string | undefined;

export const mitmproxy: Peer = {
  name: 'mitmproxy',
  async prepare() {
    const python = await pythonWith(['mitmproxy']);
    const installed = 'file' in python ? path.join(path.dirname(python.file), 'mitmdump') : undefined;
    program = installed && existsSync(installed) ? installed : onPath('mitmdump');
    if (program) return undefined;
    return { missing: 'missing' in python ? python.missing : 'mitmdump was not found' };
  },
  async start({ folder, originCaFile }) {
    if (!program) throw new Error('mitmproxy is not prepared');
    const port = await freePort();
    const settings = [`confdir=${folder}`, `ssl_verify_upstream_trusted_ca=${originCaFile}`];
    const args = [
      '-q',
      '--listen-host',
      '127.0.0.1',
      '--listen-port',
      String(port),
      ...settings.flatMap((value) => ['--set', value]),
    ];
    const child = await startServer(program, args, port);
    return {
      port,
      ca: readFileSync(path.join(folder, 'mitmproxy-ca-cert.pem'), 'utf8'),
      pids: [child.pid ?? 0],
      stop: () => stopServer(child),
    };
  },
};

function onPath(name: string): string | undefined {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
