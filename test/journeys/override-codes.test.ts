/** A help desk's code at a real agent whose secret comes from device management. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { deviceSecret, issueCode, makeMaster } from '../../agent/src/main/override-desk.ts';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { openDesk } from '../kit/agent-process.ts';
import { openManagedFile } from '../kit/managed-file.ts';

it('lifts enforcement until it is ended, over a restart, and all of it is in the log', async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pstn-codes-'));
  const master = path.join(folder, 'desk.secret');
  const secretFile = path.join(folder, 'device.secret');
  makeMaster(master);
  writeFileSync(secretFile, deviceSecret(master, hostname()), { mode: 0o600 });
  const managed = await openManagedFile({ policy: { overrideSecretFile: secretFile } });
  if ('missing' in managed) {
    rmSync(folder, { recursive: true });
    return context.skip(managed.missing);
  }
  const desk = openDesk();
  try {
    const { code } = issueCode({ masterFile: master, device: hostname(), scope: 'observe', hours: 1 });
    await desk.start();
    const refused = await desk.postern(['override', code]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('has not set up') });
    await desk.postern(['stop']);

    await desk.start({ inside: managed.inside });
    const status = async (): Promise<AgentStatus> =>
      JSON.parse((await desk.postern(['status', '--json'])).stdout) as AgentStatus;
    expect((await status()).config.files).toContainEqual(
      expect.objectContaining({ kind: 'managed', present: true }),
    );
    expect(await desk.postern(['override', 'AAAA-AAAA-AAAA'])).toMatchObject({ code: 2 });
    expect(await desk.postern(['override', code])).toMatchObject({ code: 0 });
    const lifted = await status();
    expect(lifted.policy.override).toMatchObject({ scope: 'observe' });
    expect(lifted.degraded.map((one) => one.code)).toContain('override');
    expect((await desk.postern(['override', '--end'])).code).toBe(0);
    expect((await status()).policy.override).toBeUndefined();
    // It counts until its own end, and can be entered again until then.
    expect((await desk.postern(['override', code])).code).toBe(0);
    await desk.postern(['stop']);
    await desk.start({ inside: managed.inside });
    expect((await status()).policy.override).toMatchObject({ scope: 'observe' });
    const log = (await desk.postern(['audit', 'export'])).stdout;
    for (const event of ['override-refused', 'override-entered', 'override-ended'])
      expect(log).toContain(event);
    expect(log).not.toContain(code);
  } finally {
    await desk.clear();
    managed.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
