/** The root that came with the enrolment, with real repositories of two organisations. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { releasesAtHand, sourceConfigOf } from '../../agent/src/main/policy-roots.ts';
import type { LoadedConfig } from '../../agent/src/sync/config.ts';
import { configSchema } from '../../agent/src/sync/config-schema.ts';
import { openPolicyDevice } from '../kit/policy-device.ts';
import { openPolicyServer } from '../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../kit/publisher.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'pstn-roots-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const hex = (fingerprint: string): string => fingerprint.replace(/^sha256:/, '');
const enrol = (policyRoots: readonly string[]): void =>
  writeFileSync(
    path.join(home, 'tenant.json'),
    JSON.stringify({
      version: 1,
      deviceId: 'd',
      id: 'acme',
      enrolUrl: 'https://acme.test/enrol',
      enrolledAtMs: 1,
      policyRoots,
    }),
    { mode: 0o600 },
  );
const settings = (source: object, origin: 'managed' | 'own' = 'own'): LoadedConfig => ({
  config: configSchema.parse({ policy: { source: { url: 'http://127.0.0.1:1/', ...source } } }),
  files: [],
  origins: new Map([['policy.source', origin]]),
  notices: [],
});
const [ours, theirs] = ['a'.repeat(64), 'b'.repeat(64)] as const;

describe('which roots count', () => {
  it("the enrolment's, where the configuration names none", () => {
    expect(sourceConfigOf(settings({}), home)?.enrolledRoots).toBeUndefined();
    enrol([ours]);
    expect(sourceConfigOf(settings({}), home)?.enrolledRoots).toEqual([ours]);
    expect(sourceConfigOf(settings({}, 'managed'), home)?.enrolledRoots).toEqual([ours]);
  });

  it("device management's own root stands for itself; a person's must be one of the enrolment's", () => {
    enrol([ours]);
    const source = { rootFingerprint: `sha256:${theirs}` };
    expect(sourceConfigOf(settings(source, 'managed'), home)?.enrolledRoots).toBeUndefined();
    expect(sourceConfigOf(settings(source), home)?.enrolledRoots).toEqual([ours]);
  });

  it('none, where it can no longer be told which organisation this is', () => {
    writeFileSync(path.join(home, 'tenant.json'), '{"version": 1, "poli', { mode: 0o600 });
    expect(sourceConfigOf(settings({ rootFingerprint: `sha256:${theirs}` }), home)?.enrolledRoots).toEqual(
      [],
    );
  });
});

describe('with a policy server', () => {
  const publisher = async (name: string): Promise<Publisher> => {
    const made = await openPublisher(path.join(home, name), { rootKeys: 1, rootThreshold: 1 });
    await made.push(`postern: 1\nname: ${name}\n`);
    return made;
  };

  it("takes the organisation's policy, also after a restart, and no other's", async () => {
    const [acme, evil] = [await publisher('acme'), await publisher('evil')];
    const server = await openPolicyServer(evil.directory);
    enrol([ours, hex(acme.fingerprint)]);
    const config = sourceConfigOf(settings({ url: server.url }), home);
    if (config === undefined) throw new Error('there is a source');
    const device = openPolicyDevice(home, config);
    expect(await device.check()).toBe('not-signed');
    expect(device.text()).toBeUndefined();
    server.serve(acme.directory);
    expect(await device.check()).toBeUndefined();
    expect(device.text()).toContain('acme');
    device.source.close();
    expect(await releasesAtHand(settings({ url: server.url }), home)).toHaveLength(1);

    const other = { url: server.url, rootFingerprint: evil.fingerprint };
    server.serve(evil.directory);
    const own = openPolicyDevice(home, sourceConfigOf(settings(other), home) ?? config);
    expect(own.source.status().trouble).toMatchObject({
      code: 'other-root',
      mend: expect.stringContaining('enroll --reset'),
    });
    own.source.start();
    expect(await own.check()).toBe('other-root');
    expect(await releasesAtHand(settings(other), home)).toEqual([]);
    own.source.close();
    await server.close();
  });
});
