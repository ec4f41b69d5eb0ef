/** Real processes, real connections. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessFinder } from '../../../agent/src/platform/processes/client-processes.ts';

const STAYS = (): boolean => false;

const CONNECT = `require('node:net').connect(Number(process.env.PORT), process.env.HOST).on('error', () => 0);`;

describe.skipIf(process.platform !== 'linux')('who holds a connection', () => {
  const find = createProcessFinder('linux', () => undefined);
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-processes-'));
  const children: ChildProcess[] = [];
  const server = net.createServer();
  let port = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen({ host: '::', port: 0 }, resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    for (const child of children) child.kill();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const clientOf = async (command: string, args: readonly string[], host = '127.0.0.1') => {
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const env = { PATH: process.env['PATH'], PORT: String(port), HOST: host };
    const child = spawn(command, args, { env, cwd: folder, stdio: 'ignore' });
    children.push(child);
    const socket = await connected;
    const found = await find(socket.remotePort ?? 0, port, STAYS);
    socket.destroy();
    return { child, found };
  };

  it.each(['127.0.0.1', '::1'])('a script, by its file and package, from %s', async (host) => {
    const own = path.join(folder, 'node_modules', '@acme', 'agent');
    mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, 'main.cjs'), CONNECT);
    rmSync(path.join(folder, 'agent'), { force: true });
    symlinkSync(path.join(own, 'main.cjs'), path.join(folder, 'agent'));
    const { child, found } = await clientOf(process.execPath, ['agent', '--token', 'sk-secret'], host);
    expect(found).toEqual({
      pid: child.pid,
      executable: process.execPath,
      command: path.basename(process.execPath),
      script: 'main.cjs',
      packageName: '@acme/agent',
      parentExecutable: process.execPath,
    });
  });

  it('code on the command line is not kept', async () => {
    const { found } = await clientOf(process.execPath, ['-e', CONNECT]);
    expect(found?.script).toBeUndefined();
    expect(JSON.stringify(found)).not.toContain('require');
  });

  it('itself', async () => {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    expect(await find(socket.localPort ?? 0, port, STAYS)).toMatchObject({ pid: process.pid });
    socket.destroy();
  });

  it('nobody, if there is no such connection', async () => {
    expect(await find(1, port, STAYS)).toBeUndefined();
  });
});
