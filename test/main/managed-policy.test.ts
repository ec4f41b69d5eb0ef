/** Pushed policy on a device, without the proxy around it: age and grace, overrides, taking a push back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StartOptions } from '../../agent/src/cli/ports.ts';
import { AgentState } from '../../agent/src/main/agent-state.ts';
import { ManagedPolicy } from '../../agent/src/main/managed-policy.ts';
import { deviceSecret, issueCode, makeMaster } from '../../agent/src/main/override-desk.ts';
import { PolicyKeeper } from '../../agent/src/main/policy-keeper.ts';
import { settingsOf } from '../../agent/src/main/settings.ts';
import { homeFiles } from '../../agent/src/platform/home.ts';
import { sendToLoopback } from '../../agent/src/sync/loopback-http.ts';
import { openPolicyServer, type PolicyServer } from '../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../kit/publisher.ts';

let folder: string;
let publisher: Publisher;
let server: PolicyServer;
let open: { keeper: PolicyKeeper; state: AgentState; managed: ManagedPolicy }[];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-managed-'));
  publisher = await openPublisher(path.join(folder, 'org'), { rootKeys: 1, rootThreshold: 1 });
  server = await openPolicyServer(publisher.directory);
  open = [];
});
afterEach(async () => {
  closeAll();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
const closeAll = (): void => {
  for (const { managed, keeper } of open.splice(0)) {
    managed.close();
    keeper.close();
  }
};

async function start(
  policyFile?: string,
  changes: (settings: ReturnType<typeof settingsOf>) => ReturnType<typeof settingsOf> = (same) => same,
  more: object = {},
) {
  const configFile = path.join(folder, 'config.json');
  const source = { url: server.url, pollSeconds: 3600, rootFingerprint: publisher.fingerprint };
  writeFileSync(configFile, JSON.stringify({ policy: { source, ...more } }));
  const options: StartOptions = {
    home: path.join(folder, 'home'),
    configFile,
    policyFile,
    portTaken: 'fail',
  };
  const settings = changes(settingsOf(options));
  const state = new AgentState('0.1.0', homeFiles(options.home), settings);
  const keeper = await PolicyKeeper.open(settings, options, state, () => {
    throw new Error('these policies ask nobody');
  });
  const managed = new ManagedPolicy({ start: options, state, keeper, send: sendToLoopback });
  const opened = { keeper, state, managed };
  open.push(opened);
  await managed.start();
  return opened;
}

const modes = (keeper: PolicyKeeper): string[] => keeper.current.policy.services.map(({ mode }) => mode);

it('is on disk first at the start, and --policy is for whoever may', async () => {
  await publisher.push('postern: 1\nname: pushed\n');
  const first = await start();
  await first.keeper.refresh();
  expect(first.state.status().policy).toMatchObject({ name: 'pushed', source: { kind: 'bundle' } });
  closeAll();
  server.say('*', (_request, response) => response.destroy());
  expect((await start()).state.status().policy.name).toBe('pushed');
  closeAll();
  const own = path.join(folder, 'own.yaml');
  writeFileSync(own, 'postern: 1\nname: own\n');
  expect((await start(own)).state.status().policy).toMatchObject({ name: 'own', source: { kind: 'file' } });
  closeAll();
  const managedSource = await start(own, (settings) => ({
    ...settings,
    origins: new Map([...settings.origins, ['policy.source', 'managed']]),
  }));
  expect(managedSource.state.status().policy.name).toBe('pushed');
});

it("a person's own source is no way around a managed policy file", async () => {
  await publisher.push('postern: 1\nname: pushed\n');
  const file = path.join(folder, 'managed.yaml');
  writeFileSync(file, 'postern: 1\nname: managed\n');
  const { state, keeper } = await start(
    undefined,
    (settings) => ({ ...settings, origins: new Map([...settings.origins, ['policy.file', 'managed']]) }),
    { file },
  );
  await keeper.refresh();
  expect(state.status().policy).toMatchObject({ name: 'managed', source: { kind: 'file' } });
});

it('before the first push the built-in policy is in force, and status says so', async () => {
  const { state, keeper } = await start();
  await keeper.refresh();
  expect(state.status().policy.name).toBe('baseline');
  const codes = state.status().degraded.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['no-bundle-yet', 'policy-source-not-found']));
});

it.each([
  ['restrictive', ['block']],
  ['open', []],
])('past its date the policy counts for its grace, and then: %s', async (afterGrace, expected) => {
  await publisher.push(
    `postern: 1\nname: dated\nfailure: { policyGraceHours: 1, afterGrace: ${afterGrace} }\n`,
    {
      lifetimeDays: { timestamp: 2 / 86_400 },
    },
  );
  const { state, keeper } = await start();
  await keeper.refresh();
  expect(state.status().policy.bundle).toMatchObject({ age: 'fresh' });
  await sleep(2100);
  await keeper.refresh();
  expect(state.status().policy.bundle).toMatchObject({ age: 'grace', trouble: { code: 'expired' } });
  expect(state.status().degraded.map(({ code }) => code)).toContain('policy-grace');
  expect(modes(keeper)).toEqual([]);
  vi.useFakeTimers({ now: Date.now() + 2 * 3_600_000, toFake: ['Date'] });
  try {
    await keeper.refresh();
    expect(state.status().policy.bundle?.age).toBe('over');
    expect(modes(keeper)).toEqual(expected);
  } finally {
    vi.useRealTimers();
  }
  // The clock is right again: what is past stays past, until something newer was signed.
  await keeper.refresh();
  expect(state.status().policy.bundle?.age).toBe('over');
  await publisher.push('postern: 1\nname: newer\n');
  await keeper.refresh();
  expect(state.status().policy).toMatchObject({ name: 'newer', bundle: { age: 'fresh' } });
  expect(modes(keeper)).toEqual([]);
});

it('a push that brings failures is taken back, and told', async () => {
  await publisher.push('postern: 1\nname: good\n');
  const { state, keeper, managed } = await start();
  await keeper.refresh();
  await publisher.push('postern: 1\nname: bad\n');
  await keeper.refresh();
  expect(state.status().policy.name).toBe('bad');
  for (let failure = 0; failure < 5; failure += 1) managed.ruleFailed();
  await vi.waitFor(() => expect(state.status().policy.bundle?.fellBack).toBeDefined());
  expect(state.status().policy.name).toBe('good');
  expect(state.status().degraded.map(({ code }) => code)).toContain('policy-fell-back');
  expect(state.status().incidents.map(({ code }) => code)).toContain('policy-fell-back');
  await keeper.refresh();
  expect(state.status().policy.name).toBe('good');
  await publisher.push('postern: 1\nname: better\n');
  await keeper.refresh();
  expect(state.status().policy).toMatchObject({ name: 'better' });
  expect(state.status().policy.bundle?.fellBack).toBeUndefined();
});

it("a help desk's code lifts enforcement, if device management set it up", async () => {
  await publisher.push('postern: 1\nname: pushed\nservices: [{ match: "*", mode: block }]\n');
  const master = path.join(folder, 'desk.secret');
  const secretFile = path.join(folder, 'device.secret');
  makeMaster(master);
  writeFileSync(secretFile, deviceSecret(master, hostname()));
  const asManaged = (settings: ReturnType<typeof settingsOf>): ReturnType<typeof settingsOf> => ({
    ...settings,
    origins: new Map([...settings.origins, ['policy.overrideSecretFile', 'managed']]),
  });
  const { code } = issueCode({ masterFile: master, device: hostname(), scope: 'observe', hours: 1 });
  const own = await start(undefined, undefined, { overrideSecretFile: secretFile });
  expect(() => own.managed.override.enter(code)).toThrow(/has not set up/);
  closeAll();
  const { keeper, managed, state } = await start(undefined, asManaged, { overrideSecretFile: secretFile });
  await keeper.refresh();
  expect(keeper.current.shadow).toBe(false);
  managed.override.enter(code);
  await vi.waitFor(() => expect(keeper.current.shadow).toBe(true));
  expect(state.status().policy.override).toMatchObject({ scope: 'observe' });
  expect(state.status().degraded[0]).toMatchObject({
    code: 'override',
    mend: expect.stringContaining('--end'),
  });
  managed.override.end();
  await vi.waitFor(() => expect(keeper.current.shadow).toBe(false));
});

const withCanary = (name: string, percent: number): string =>
  `postern: 1\nname: ${name}\nrollout: { canaryPercent: ${percent} }\n`;
const stop = {
  postern: 1,
  switches: [{ id: 'stop', what: 'block', who: {}, until: '2099-01-01T00:00:00Z', reason: 'leak' }],
};

it('outside a canary a device keeps the release it has, and takes the new one once it is for everybody', async () => {
  await publisher.push('postern: 1\nname: old\n');
  const { state, keeper } = await start();
  await keeper.refresh();
  await publisher.push(withCanary('new', 0));
  await keeper.refresh();
  expect(state.status().policy).toMatchObject({
    name: 'old',
    bundle: { release: 1, waiting: { name: 'new', release: 2, canaryPercent: 0 } },
  });
  expect(keeper.current.shadow).toBe(false);
  closeAll();
  const again = await start();
  expect(again.state.status().policy).toMatchObject({ name: 'old', bundle: { waiting: { name: 'new' } } });
  await publisher.push(withCanary('new', 100));
  await again.keeper.refresh();
  expect(again.state.status().policy.name).toBe('new');
  expect(again.state.status().policy.bundle).not.toHaveProperty('waiting');
});

it('a device that has nothing of its organisation yet takes the release, and enforces it', async () => {
  await publisher.push(withCanary('first', 0));
  const { state, keeper } = await start();
  await keeper.refresh();
  expect(state.status().policy.name).toBe('first');
  expect(keeper.current.shadow).toBe(false);
});

it('a stop reaches devices outside the canary too, and goes when the push is taken back', async () => {
  await publisher.push('postern: 1\nname: old\n');
  const { state, keeper } = await start();
  await keeper.refresh();
  await publisher.push(withCanary('new', 0), { switches: stop });
  await keeper.refresh();
  expect(state.status().policy).toMatchObject({ name: 'old', switches: [{ id: 'stop' }] });
  closeAll();
  server.say('*', (_request, response) => response.destroy());
  const offline = await start();
  expect(offline.state.status().policy).toMatchObject({ name: 'old', switches: [{ id: 'stop' }] });
  server.say('*', undefined);
  await publisher.push('postern: 1\nname: old\n', { switches: { postern: 1, switches: [] } });
  await offline.keeper.refresh();
  expect(offline.state.status().policy).not.toHaveProperty('switches');
});

it('a release that waits is checked like one that does not', async () => {
  await publisher.push('postern: 1\nname: old\n');
  const { state, keeper } = await start();
  await keeper.refresh();
  await publisher.pushUnchecked({ 'policy.yaml': `${withCanary('new', 0)}nonsense: true\n` });
  await keeper.refresh();
  expect(state.status().policy.lastError?.problems[0]?.field).toBe('nonsense');
  expect(state.status().policy.bundle).not.toHaveProperty('waiting');
});
