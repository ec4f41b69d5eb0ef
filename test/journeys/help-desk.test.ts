/** An admin at a colleague's real agent: sees the machine, not what the person does, and is seen doing it. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Desk, openDesk } from '../kit/agent-process.ts';
import { type ManagedFile, openManagedFile } from '../kit/managed-file.ts';

let desk: Desk;
let managed: ManagedFile | { readonly missing: string };
let tokenFile: string;
beforeEach(async () => {
  desk = openDesk();
  tokenFile = path.join(desk.folder, 'admin-token');
  const made = await desk.postern(['admin-token', tokenFile, '--json']);
  const { adminTokenSha256 } = JSON.parse(made.stdout) as { adminTokenSha256: string };
  managed = await openManagedFile({ localApi: { adminTokenSha256 } });
});
afterEach(async () => {
  await desk.clear();
  if (!('missing' in managed)) managed.close();
});

const asAdmin = (...args: string[]) => desk.postern([...args, '--admin-token-file', tokenFile]);

it('makes a token that only its maker can read, and never a second one in its place', async () => {
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  const token = readFileSync(tokenFile, 'utf8').trim();
  const again = await desk.postern(['admin-token', tokenFile]);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  expect(readFileSync(tokenFile, 'utf8').trim()).toBe(token);
  expect(again.stdout + again.stderr).not.toContain(token);
});

it('lets them help, tells the person so, and shows no more than the machine', async (context) => {
  if ('missing' in managed) return context.skip(managed.missing);
  await desk.start({ inside: managed.inside });
  const seen = JSON.parse((await asAdmin('status', '--json')).stdout) as AgentStatus;
  expect(seen).toMatchObject({ state: 'running', budgets: [] });
  expect(await asAdmin('reload')).toMatchObject({ code: 0, stdout: expect.stringContaining('Read anew') });
  const theirs = (await asAdmin('diagnostics')).stdout;
  expect(theirs).toContain('── doctor.json');
  expect(theirs).not.toContain('last-calls.json');
  expect((await desk.postern(['diagnostics'])).stdout).toContain('last-calls.json');
  const log = (await desk.postern(['audit', 'export'])).stdout;
  for (const call of ['status', 'reload', 'diagnostics'])
    expect(log).toMatch(new RegExp(`"code":"admin-asked","detail":"${call}"`));
  expect(log).not.toContain(readFileSync(tokenFile, 'utf8').trim());
});

it("ends a person's pause, and the log says that an admin did", async (context) => {
  if ('missing' in managed) return context.skip(managed.missing);
  await desk.start({ inside: managed.inside });
  await desk.postern(['pause', '--minutes', '30', '--reason', 'demo']);
  expect(await asAdmin('resume')).toMatchObject({ code: 0 });
  expect((JSON.parse((await desk.postern(['status', '--json'])).stdout) as AgentStatus).state).toBe(
    'running',
  );
  expect((await desk.postern(['audit', 'export'])).stdout).toContain('asked for by an admin');
});

it('counts for nothing where device management has not set it', async () => {
  await desk.start();
  expect(await asAdmin('status')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('token is missing or wrong'),
  });
});
