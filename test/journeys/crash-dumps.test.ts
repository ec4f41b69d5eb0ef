/** What a dying agent leaves behind: nothing that holds a key (decision 0184). */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Desk, openDesk, type RunningProcess } from '../kit/agent-process.ts';

const KEY = 'sk-bf-4d1c7b7e-not-in-a-dump';
const isLinux = process.platform === 'linux';

let desk: Desk;
let dumps: string;
beforeEach(async () => {
  desk = openDesk();
  desk.configure({ gateway: { kind: 'bifrost', baseUrl: 'https://ai.acme.test', virtualKey: KEY } });
  dumps = path.join(desk.folder, 'dumps');
  await mkdir(dumps);
});
afterEach(() => desk.clear());

/** Started by a shell that lets core files be written, in an environment that asks Node for all it can write. */
const startWithDumps = (): Promise<RunningProcess> =>
  desk.start({
    env: {
      // What the agent was given in its environment is in a report unless that is left out.
      A_KEY_OF_THE_SHELL: KEY,
      NODE_OPTIONS: `--report-on-signal --report-on-fatalerror --heapsnapshot-near-heap-limit=1 --report-directory=${dumps}`,
    },
    inside: (command) => ['/bin/sh', '-c', `cd ${dumps}; ulimit -c unlimited; exec "$@"`, 'sh', ...command],
  });

const holdingKey = (): string[] =>
  readdirSync(dumps).filter((name) => readFileSync(path.join(dumps, name)).includes(KEY));

it.runIf(isLinux)('leaves no core file when it is killed by a fault', async () => {
  const agent = await startWithDumps();
  const limits = readFileSync(`/proc/${agent.child.pid}/limits`, 'utf8');
  expect(limits).toMatch(/^Max core file size +0 +0 /m);
  agent.child.kill('SIGSEGV');
  expect(await agent.ended).toBe('SIGSEGV');
  expect(readdirSync(dumps)).toEqual([]);
});

it.runIf(isLinux)("keeps its environment out of Node's own report", async () => {
  const agent = await startWithDumps();
  agent.child.kill('SIGUSR2');
  await vi.waitFor(() => expect(readdirSync(dumps)).toHaveLength(1), 5_000);
  await vi.waitFor(() =>
    expect(readFileSync(path.join(dumps, readdirSync(dumps)[0] ?? ''), 'utf8')).toMatch(/\}\s*$/),
  );
  expect(holdingKey()).toEqual([]);
});

it.runIf(isLinux)('opens no debugger on SIGUSR1', async () => {
  const agent = await startWithDumps();
  agent.child.kill('SIGUSR1');
  expect((await desk.postern(['status'])).code).toBe(0);
  expect(agent.log()).not.toContain('Debugger listening');
});
