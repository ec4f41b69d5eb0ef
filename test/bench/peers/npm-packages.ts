/** The two npm interception packages, installed on first use outside the project's own dependencies. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, type Peer, type PeerContext, type RunningPeer, startServer, stopServer } from './peer.ts';

const CACHE = path.join(import.meta.dirname, '..', '..', '.cache', 'bench');

function npmPeer(name: string, version: string): Peer {
  const folder = path.join(CACHE, `${name}-${version}`);
  return {
    name,
    async prepare() {
      if (existsSync(path.join(folder, 'node_modules', name))) return undefined;
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
      try {
        await promisify(execFile)(
          'npm',
          ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`],
          { cwd: folder },
        );
        return undefined;
      } catch (error) {
        return { missing: `npm could not install ${name}: ${String(error).split('\n')[0]}` };
      }
    },
    async start(context: PeerContext): Promise<RunningPeer> {
      const port = await freePort();
      const script = path.join(import.meta.dirname, `${name}.runner.ts`);
      const args = [script, folder, String(port), context.folder, context.originCaFile];
      const child = await startServer(process.execPath, args, port);
      return {
        port,
        ca: readFileSync(path.join(context.folder, name === 'mockttp' ? 'ca.pem' : 'certs/ca.pem'), 'utf8'),
        pids: [child.pid ?? 0],
        stop: () => stopServer(child),
      };
    },
  };
}

export const httpMitmProxy = npmPeer('http-mitm-proxy', '1.1.0');
export const mockttp = npmPeer('mockttp', '4.6.5');
