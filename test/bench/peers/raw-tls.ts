/** The floor: terminate TLS, open TLS to the origin, copy bytes. No HTTP is read at all. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, type Peer, startServer, stopServer } from './peer.ts';

export const rawTls: Peer = {
  name: 'raw TLS floor',
  async prepare() {
    return undefined;
  },
  async start({ folder, originCaFile }) {
    const port = await freePort();
    const script = path.join(import.meta.dirname, 'raw-tls.runner.ts');
    const child = await startServer(process.execPath, [script, String(port), folder, originCaFile], port);
    return {
      port,
      ca: readFileSync(path.join(folder, 'ca.pem'), 'utf8'),
      pids: [child.pid ?? 0],
      stop: () => stopServer(child),
    };
  },
};
