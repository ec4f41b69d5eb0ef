/** Postern as a newcomer runs it: `postern start`, the starter policy `baseline`, audit on. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Peer, stopServer } from './peer.ts';

const PROGRAM = path.join(import.meta.dirname, '..', '..', '..', 'agent', 'bin', 'postern.js');

export const postern: Peer = {
  name: 'postern',
  async prepare() {
    return undefined;
  },
  async start({ folder, originCaFile }) {
    const config = path.join(folder, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({
        listen: { port: 0 },
        upstream: { extraCaFile: originCaFile, allowPrivateTargets: true },
      }),
    );
    const child = spawn(
      process.execPath,
      [PROGRAM, 'start', '--json', '--home', path.join(folder, 'home'), '--config', config],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ready = await new Promise<{ proxy: string; ca: string }>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
      child.once('exit', (code) => reject(new Error(`postern start ended with ${code}`)));
    });
    return {
      port: Number(new URL(ready.proxy).port),
      ca: readFileSync(ready.ca, 'utf8'),
      pids: [child.pid ?? 0],
      stop: () => stopServer(child),
    };
  },
};
