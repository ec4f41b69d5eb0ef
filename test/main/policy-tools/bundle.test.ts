/** `postern policy keygen`, `sign`, `publish`, `refresh`, `rotate`, `revoke`: what they make, and what they refuse. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BundlePlace } from '../../../agent/src/cli/ports.ts';
import { bundleTools } from '../../../agent/src/main/policy-tools/bundle.ts';
import { openPublisher, type Publisher, readPublished } from '../../kit/publisher.ts';

let folder: string;
let publisher: Publisher;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-bundle-'));
  publisher = await openPublisher(path.join(folder, 'org'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const POLICY = 'postern: 1\nname: one\n';
const inFolder = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const sign = (policyFile: string, more: Partial<Parameters<typeof bundleTools.sign>[1]> = {}) =>
  bundleTools.sign(publisher.place, {
    policyFile,
    catalogueFile: undefined,
    pricesFile: undefined,
    switchesFile: undefined,
    group: undefined,
    ...more,
  });
const keysDirectory = (): string => publisher.place.keyDirectories[0] ?? '';

describe('keygen', () => {
  it('makes private files, and refuses to write over any', async () => {
    const names = readdirSync(keysDirectory());
    expect(names.sort()).toEqual([
      'root-1.pem',
      'root-2.pem',
      'root-3.pem',
      'snapshot.pem',
      'targets.pem',
      'timestamp.pem',
    ]);
    for (const name of names) expect(statSync(path.join(keysDirectory(), name)).mode & 0o777).toBe(0o600);
    const options = { rootKeys: 3, rootThreshold: 2, group: undefined };
    await expect(bundleTools.keygen(publisher.place, options)).rejects.toMatchObject({
      code: 'bundle-repository-exists',
    });
    const elsewhere = { ...publisher.place, repository: path.join(folder, 'second') };
    await expect(bundleTools.keygen(elsewhere, options)).rejects.toMatchObject({ code: 'key-exists' });
    await expect(bundleTools.keygen(elsewhere, { ...options, rootThreshold: 4 })).rejects.toThrow(/4 of 3/);
    await expect(bundleTools.keygen(elsewhere, { ...options, group: 'root' })).rejects.toMatchObject({
      code: 'bundle-bad-name',
    });
  });

  it('seals keys with a passphrase, and needs it again', async () => {
    const place: BundlePlace = {
      repository: path.join(folder, 'sealed'),
      keyDirectories: [path.join(folder, 'sealed-keys')],
      passphraseFile: inFolder('passphrase', 'correct horse\n'),
      lifetimeDays: {},
    };
    await bundleTools.keygen(place, { rootKeys: 1, rootThreshold: 1, group: undefined });
    expect(readFileSync(path.join(folder, 'sealed-keys', 'targets.pem'), 'utf8')).toContain('ENCRYPTED');
    await expect(bundleTools.refresh({ ...place, passphraseFile: undefined })).rejects.toMatchObject({
      code: 'key-unreadable',
    });
    expect((await bundleTools.refresh(place)).renewed).toEqual(['timestamp']);
  });
});

describe('sign', () => {
  it('takes along what rules name, and nothing that no device would take', async () => {
    inFolder('names.txt', 'falcon\n');
    const policy = inFolder(
      'policy.yaml',
      `${POLICY}guardrails: [{ id: a, detect: keyword, dictionary: [names.txt], action: warn }]\n`,
    );
    expect(await sign(policy)).toMatchObject({
      policy: { name: 'one' },
      files: ['policy.yaml', 'names.txt'],
      version: 2,
    });
    await expect(sign(inFolder('bad.yaml', `${POLICY}guardrials: []\n`))).rejects.toThrow(
      /bad\.yaml:3:1: guardrials/,
    );
    const switches = inFolder('switches.json', '{"postern":1,"switches":[{"id":"a","what":"stop"}]}');
    await expect(sign(policy, { switchesFile: switches })).rejects.toThrow(
      /switches\.json: switches\.0\.what/,
    );
    await expect(sign(policy, { group: 'ring-1', switchesFile: switches })).rejects.toThrow(/organisation/);
    await expect(sign(policy, { pricesFile: inFolder('prices.json', '[') })).rejects.toThrow(/isn't JSON/);
    await expect(
      sign(policy, { catalogueFile: inFolder('c.json', '{"postern":1,"services":[{"id":"X"}]}') }),
    ).rejects.toThrow(/services\.0/);
    await expect(sign(policy, { group: '../up' })).rejects.toMatchObject({ code: 'bundle-bad-name' });
  });

  it("knows the catalogue's new services", async () => {
    const policy = inFolder('policy.yaml', `${POLICY}services: [{ match: acme-llm, mode: block }]\n`);
    await expect(sign(policy)).rejects.toThrow(/acme-llm/);
    const service = {
      id: 'acme-llm',
      name: 'Acme',
      vendor: 'Acme',
      kind: 'api',
      hosts: ['llm.acme.com'],
      paths: [],
      defaultMode: 'direct',
      evidence: 'O',
    };
    const catalogueFile = inFolder('catalogue.json', JSON.stringify({ postern: 1, services: [service] }));
    expect(await sign(policy, { catalogueFile })).toMatchObject({ files: ['catalogue.json', 'policy.yaml'] });
  });

  it('needs the right keys, and says which are missing', async () => {
    renameSync(path.join(keysDirectory(), 'targets.pem'), path.join(folder, 'targets.away'));
    await expect(sign(inFolder('policy.yaml', POLICY))).rejects.toMatchObject({
      code: 'bundle-missing-signatures',
      message: expect.stringContaining('targets'),
      mend: expect.stringContaining('--keys'),
    });
  });
});

describe('publish', () => {
  it('copies what is new, the timestamp last and always, and never half a file', async () => {
    await sign(inFolder('policy.yaml', POLICY));
    const to = path.join(folder, 'srv');
    expect(await bundleTools.publish(publisher.place, to)).toMatchObject({ copied: 7, present: 0 });
    expect(await bundleTools.publish(publisher.place, to)).toMatchObject({ copied: 1, present: 6 });
    expect(readdirSync(to, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
    await expect(bundleTools.publish({ ...publisher.place, repository: folder }, to)).rejects.toMatchObject({
      code: 'bundle-no-repository',
    });
  });
});

describe('refresh', () => {
  it('signs the timestamp, and what ends within two weeks', async () => {
    await sign(inFolder('policy.yaml', POLICY));
    expect(await bundleTools.refresh(publisher.place)).toMatchObject({
      renewed: ['timestamp'],
      timestampVersion: 3,
    });
    await bundleTools.sign(
      { ...publisher.place, lifetimeDays: { targets: 10, snapshot: 10 } },
      {
        policyFile: path.join(folder, 'policy.yaml'),
        catalogueFile: undefined,
        pricesFile: undefined,
        switchesFile: undefined,
        group: undefined,
      },
    );
    expect((await bundleTools.refresh(publisher.place)).renewed).toEqual([
      'targets',
      'snapshot',
      'timestamp',
    ]);
  });
});

describe('rotate and revoke', () => {
  it('root keys may lie elsewhere; the old key is put aside, and the chain holds', async () => {
    await sign(inFolder('policy.yaml', POLICY));
    const offline = path.join(folder, 'offline');
    await bundleTools.keygen(
      { ...publisher.place, keyDirectories: [offline] },
      { rootKeys: 1, rootThreshold: 1, group: 'spare' },
    );
    for (const name of ['root-1.pem', 'root-2.pem', 'root-3.pem'])
      renameSync(path.join(keysDirectory(), name), path.join(offline, name));
    await expect(bundleTools.rotate(publisher.place, 'timestamp', undefined)).rejects.toMatchObject({
      code: 'bundle-missing-signatures',
    });
    const both = { ...publisher.place, keyDirectories: [keysDirectory(), offline] };
    await expect(bundleTools.rotate(both, 'root', undefined)).rejects.toThrow(/3 keys: say which/);
    await expect(bundleTools.rotate(both, 'nobody', undefined)).rejects.toMatchObject({
      code: 'bundle-unknown-role',
    });
    const root = await bundleTools.rotate(both, 'root', 'root-1.pem');
    expect(root).toMatchObject({
      roles: ['root'],
      rootVersion: 2,
      retired: [path.join(offline, 'root-1.pem.retired')],
    });
    expect((await bundleTools.revoke(both, 'root-2.pem')).made).toEqual([]);
    await expect(bundleTools.revoke(both, 'no-such-key')).rejects.toMatchObject({
      code: 'bundle-unknown-key',
    });
    await sign(path.join(folder, 'policy.yaml'));
    const { roles } = await bundleTools.keys(both);
    expect(roles.map(({ role, keys, threshold }) => [role, keys.length, threshold])).toEqual([
      ['root', 2, 2],
      ['targets', 1, 1],
      ['snapshot', 1, 1],
      ['timestamp', 1, 1],
    ]);
  });

  it("a group signed by the organisation's key moves on with it", async () => {
    await publisher.push(POLICY);
    await publisher.push(POLICY, { group: 'sales' });
    const old = (await bundleTools.keys(publisher.place)).roles.find(({ role }) => role === 'sales')?.keys[0]
      ?.id;
    const done = await bundleTools.rotate(publisher.place, 'targets', undefined);
    expect([...done.roles].sort()).toEqual(['sales', 'targets']);
    await publisher.push(POLICY, { group: 'sales' });
    for (const { keys } of (await bundleTools.keys(publisher.place)).roles)
      expect(keys.map(({ id }) => id)).not.toContain(old);
    const { signed } = readPublished<{ signed: { version: number } }>(publisher.directory, 'timestamp.json');
    expect(signed.version).toBeGreaterThan(3);
  });
});
