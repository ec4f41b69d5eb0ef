/**
 * Who holds the server, the network or some of the keys can't change, age, mix or widen what devices go by. Each case
 * is an attack of the TUF specification (1.5.2) or of docs/security.md, against the real source over real HTTP.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleTools } from '../../../agent/src/main/policy-tools/bundle.ts';
import { forge, forgeFrom, keyIn, metaOf, readDocument } from '../../kit/forger.ts';
import { openPolicyDevice, type PolicyDevice } from '../../kit/policy-device.ts';
import { openPolicyServer, type PolicyServer } from '../../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../../kit/publisher.ts';

let folder: string;
let publisher: Publisher;
let server: PolicyServer;
let device: PolicyDevice;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-attack-'));
  publisher = await openPublisher(path.join(folder, 'org'));
  await publisher.push(policy('one'));
  server = await openPolicyServer(publisher.directory);
  device = openPolicyDevice(path.join(folder, 'home'), {
    url: server.url,
    rootFingerprint: publisher.fingerprint,
  });
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('one'));
});
afterEach(async () => {
  device.source.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (name: string): string => `postern: 1\nname: ${name}\n`;
const keys = (): string => publisher.place.keyDirectories[0] ?? '';
const key = (name: string) => keyIn(keys(), name);
/** A copy of what is published now, as an attacker would keep it. */
function keepCopy(name: string): string {
  const copy = path.join(folder, name);
  cpSync(publisher.directory, copy, { recursive: true });
  return copy;
}
async function stillHas(name: string, code: string): Promise<void> {
  expect(await device.check()).toBe(code);
  expect(device.text()).toBe(policy(name));
  device = device.restart();
  expect(device.text()).toBe(policy(name));
}

test('rollback of everything: an older copy of the server', async () => {
  const old = keepCopy('old');
  await publisher.push(policy('two'));
  expect(await device.check()).toBeUndefined();
  server.serve(old);
  await stillHas('two', 'rolled-back');
});

test('rollback of the snapshot, with the timestamp key in the wrong hands', async () => {
  const old = readDocument(publisher.directory, 'timestamp.json');
  await publisher.push(policy('two'));
  await device.check();
  const now = readDocument(publisher.directory, 'timestamp.json');
  const forged = forge(
    'timestamp',
    old,
    (signed) => {
      signed.version = now.signed.version + 1;
    },
    [key('timestamp')],
  );
  writeFileSync(path.join(publisher.directory, 'timestamp.json'), forged);
  await stillHas('two', 'rolled-back');
});

test('rollback of the targets, with the snapshot and timestamp keys in the wrong hands', async () => {
  const old = readFileSync(path.join(publisher.directory, '2.targets.json'));
  await publisher.push(policy('two'));
  await device.check();
  forgeFrom(
    publisher.directory,
    { snapshot: key('snapshot'), timestamp: key('timestamp') },
    { meta: { 'targets.json': metaOf(old, 2) } },
  );
  await stillHas('two', 'rolled-back');
});

test('rollback of the root: an old one under a new number', async () => {
  await bundleTools.rotate(publisher.place, 'timestamp', undefined);
  await publisher.publish();
  await device.check();
  expect(device.source.status().versions?.root).toBe(2);
  cpSync(path.join(publisher.directory, '1.root.json'), path.join(publisher.directory, '3.root.json'));
  await publisher.push(policy('two'));
  await stillHas('one', 'rolled-back');
});

test('freeze: the last good answer, again and again past its date', async () => {
  await publisher.push(policy('two'), { lifetimeDays: { timestamp: 3 / 86_400 } });
  expect(await device.check()).toBeUndefined();
  await sleep(3100);
  await stillHas('two', 'expired');
});

test('mix and match: the snapshot of one push under the timestamp of another', async () => {
  await publisher.push(policy('two'));
  const { directory } = publisher;
  cpSync(path.join(directory, '2.snapshot.json'), path.join(directory, '3.snapshot.json'));
  await stillHas('one', 'not-as-signed');
});

test('mix and match: the targets of one push under the snapshot of another', async () => {
  await publisher.push(policy('two'));
  const { directory } = publisher;
  cpSync(path.join(directory, '2.targets.json'), path.join(directory, '3.targets.json'));
  await stillHas('one', 'not-as-signed');
});

test.each(['timestamp.json', '2.root.json', '3.snapshot.json', 'policy.yaml'])(
  'endless data: %s never stops',
  async (name) => {
    await publisher.push(policy('two'));
    server.say(pathOf(name), (_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    await stillHas('one', 'too-large');
    expect(device.source.status().bytes).toBeLessThan(20_000_000);
  },
);

test.each(['timestamp.json', 'policy.yaml'])('slow retrieval: %s trickles', async (name) => {
  await publisher.push(policy('two'));
  server.say(pathOf(name), (_request, response) => {
    response.writeHead(200);
    const trickle = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(trickle));
  });
  const before = performance.now();
  await stillHas('one', 'timeout');
  expect(performance.now() - before).toBeLessThan(5000);
});

test('arbitrary installation: another file of the same length under the right name', async () => {
  await publisher.push(policy('two'));
  server.say(pathOf('policy.yaml'), (_request, response) => void response.end(policy('bad')));
  await stillHas('one', 'not-as-signed');
});

test.each([
  ['shorter', '', 'not-as-signed'],
  ['longer', ' '.repeat(100), 'too-large'],
])('wrong length: a file that is %s than was signed', async (_what, more, code) => {
  await publisher.push(policy('two'));
  server.say(pathOf('policy.yaml'), (_request, response) => {
    response.end(more === '' ? policy('two').slice(0, -3) : policy('two') + more);
  });
  await stillHas('one', code);
});

test('arbitrary installation: a repository of somebody else’s keys, at the first contact and later', async () => {
  const thief = await openPublisher(path.join(folder, 'thief'));
  for (const name of ['one', 'two', 'three', 'four']) await thief.push(policy(name));
  server.serve(thief.directory);
  await stillHas('one', 'not-signed');
  const fresh = openPolicyDevice(path.join(folder, 'fresh'), {
    url: server.url,
    rootFingerprint: publisher.fingerprint,
  });
  expect(await fresh.check()).toBe('not-signed');
  expect(fresh.text()).toBeUndefined();
  fresh.source.close();
});

test('key compromise below the threshold: a new root with one of three root keys', async () => {
  const thief = await openPublisher(path.join(folder, 'thief'));
  const root = readDocument(publisher.directory, '1.root.json');
  const theirs = readDocument(thief.directory.replace('published', 'repository'), '1.root.json');
  const forged = forge(
    'root',
    root,
    (signed) => {
      signed.version = 2;
      signed['keys'] = { ...(signed['keys'] as object), ...(theirs.signed['keys'] as object) };
      const roles = signed['roles'] as Record<string, object>;
      const stolen = theirs.signed['roles'] as Record<string, object>;
      for (const role of ['targets', 'snapshot', 'timestamp']) Object.assign(roles[role]!, stolen[role]);
    },
    [key('root-1')],
  );
  writeFileSync(path.join(publisher.directory, '2.root.json'), forged);
  await publisher.push(policy('two'));
  await stillHas('one', 'not-signed');
});

test('a revoked key: what it signs counts no more, nor does what it had signed', async () => {
  const stolen = key('targets');
  const others = { snapshot: key('snapshot'), timestamp: key('timestamp') };
  await bundleTools.revoke(publisher.place, 'targets.pem');
  await publisher.push(policy('two'));
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('two'));
  const { directory } = publisher;
  const version = device.source.status().versions!.targets + 1;
  const forged = forge(
    'targets',
    readDocument(directory, `${version - 1}.targets.json`),
    (signed) => {
      signed.version = version;
    },
    [stolen],
  );
  writeFileSync(path.join(directory, `${version}.targets.json`), forged);
  forgeFrom(directory, others, { meta: { 'targets.json': metaOf(forged, version) } });
  await stillHas('two', 'not-signed');
  // The release before was signed by it: there is nothing to fall back to.
  expect(await device.source.fallBack('it makes trouble')).toBe(false);
});

test('fast-forward: versions pushed to the end of time are forgotten with the keys that signed them', async () => {
  const { directory } = publisher;
  forgeFrom(
    directory,
    { snapshot: key('snapshot'), timestamp: key('timestamp') },
    { version: 2_000_000_000 },
  );
  expect(await device.check()).toBeUndefined();
  expect(device.source.status().versions?.timestamp).toBe(2_000_000_000);
  // While those keys count, what the organisation pushes is older than what was seen.
  await publisher.push(policy('two'));
  expect(await device.check()).toBe('rolled-back');
  await bundleTools.rotate(publisher.place, 'timestamp', undefined);
  await bundleTools.rotate(publisher.place, 'snapshot', undefined);
  await publisher.publish();
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('two'));
});

test("a group's key signs for its own group only, and never a switch", async () => {
  await bundleTools.keygen(publisher.place, { rootKeys: 1, rootThreshold: 1, group: 'ring-1' });
  await publisher.push(policy('ring'), { group: 'ring-1' });
  const { directory } = publisher;
  const groupKey = key('group-ring-1');
  const document = readDocument(directory, '1.ring-1.json');
  const file = (document.signed['targets'] as Record<string, object>)['groups/ring-1/policy.yaml'];
  const forged = forge(
    'targets',
    document,
    (signed) => {
      signed.version = 2;
      signed['targets'] = {
        'policy.yaml': file,
        'groups/ring-2/policy.yaml': file,
        'groups/ring-1/policy.yaml': file,
        'groups/ring-1/switches.json': file,
      };
    },
    [groupKey],
  );
  writeFileSync(path.join(directory, '2.ring-1.json'), forged);
  forgeFrom(
    directory,
    { snapshot: key('snapshot'), timestamp: key('timestamp') },
    { meta: { 'ring-1.json': metaOf(forged, 2) } },
  );
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('one'));
  const other = openPolicyDevice(path.join(folder, 'other'), {
    url: server.url,
    rootFingerprint: publisher.fingerprint,
    groups: ['ring-2'],
  });
  await other.check();
  expect(other.text()).toBe(policy('one'));
  other.source.close();
  device = device.restart({ groups: ['ring-1'] });
  await device.check();
  expect(device.text()).toBe(policy('ring'));
  expect(readdirSync(path.join(device.source.status().release!.directory, 'files'))).not.toContain(
    'switches.json',
  );
});

test('a signed name that leads out of the folder is refused', async () => {
  const { directory } = publisher;
  const document = readDocument(directory, '2.targets.json');
  const forged = forge(
    'targets',
    document,
    (signed) => {
      signed.version = 3;
      const targets = signed['targets'] as Record<string, object>;
      targets['../../../outside.txt'] = targets['policy.yaml']!;
    },
    [key('targets')],
  );
  writeFileSync(path.join(directory, '3.targets.json'), forged);
  forgeFrom(
    directory,
    { snapshot: key('snapshot'), timestamp: key('timestamp') },
    { meta: { 'targets.json': metaOf(forged, 3) } },
  );
  await stillHas('one', 'not-as-signed');
});

test('files changed on the disk are not used again', async () => {
  await publisher.push(policy('two'));
  await device.check();
  const release = device.source.status().release!;
  writeFileSync(path.join(release.directory, 'files', 'policy.yaml'), policy('bad'));
  device = device.restart();
  // The one before is whole.
  expect(device.text()).toBe(policy('one'));
  const claims = path.join(release.directory, 'release.json');
  writeFileSync(
    claims,
    readFileSync(claims, 'utf8').replace(
      release.files['policy.yaml']!,
      metaOf(Buffer.from(policy('bad')), 1).hashes.sha256,
    ),
  );
  device = device.restart();
  expect(device.text()).toBe(policy('one'));
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('two'));
});

test('a clock set back by two years revives nothing, and one set forward takes nothing new away for good', async () => {
  await publisher.push(policy('two'), { lifetimeDays: { timestamp: 3 / 86_400 } });
  expect(await device.check()).toBeUndefined();
  await sleep(3100);
  expect(await device.check()).toBe('expired');
  const years = 2 * 365 * 86_400_000;
  device.shiftClock(-years);
  await stillHas('two', 'wrong-clock');
  device.shiftClock(-years);
  expect(await device.check()).toBe('wrong-clock');
  expect(device.source.status().clockBehind).toBe(true);
  await publisher.push(policy('three'));
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('three'));
  device.shiftClock(years);
  expect(await device.check()).toBe('wrong-clock');
  device.shiftClock(0);
  await publisher.push(policy('four'));
  expect(await device.check()).toBeUndefined();
  expect(device.text()).toBe(policy('four'));
});

/** Where a file of the newest push is served. */
function pathOf(name: string): string {
  if (name !== 'policy.yaml') return `/${name}`;
  const found = readdirSync(path.join(publisher.directory, 'targets')).find((file) =>
    readFileSync(path.join(publisher.directory, 'targets', file), 'utf8').includes('name: two'),
  );
  return `/targets/${found}`;
}
