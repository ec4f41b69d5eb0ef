/** Which policy and settings are in force: whole or not at all, and what status says of the rest. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StartOptions } from '../../agent/src/cli/ports.ts';
import { AgentState } from '../../agent/src/main/agent-state.ts';
import { PolicyKeeper } from '../../agent/src/main/policy-keeper.ts';
import { settingsOf } from '../../agent/src/main/settings.ts';
import { homeFiles } from '../../agent/src/platform/home.ts';

let folder: string;
let closing: PolicyKeeper[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pstn-keeper-'));
  closing = [];
});
afterEach(() => {
  for (const keeper of closing) keeper.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string): string => path.join(folder, name);
const policy = (name: string, text: string): string => {
  writeFileSync(file(name), `postern: 1\n${text}`);
  return file(name);
};

async function open(
  config: object,
  policyFile?: string,
): Promise<{ keeper: PolicyKeeper; state: AgentState }> {
  writeFileSync(file('config.json'), JSON.stringify(config));
  const options: StartOptions = {
    home: folder,
    configFile: file('config.json'),
    policyFile,
    portTaken: 'fail',
  };
  const settings = settingsOf(options);
  const state = new AgentState('0.1.0', homeFiles(folder), settings);
  const keeper = await PolicyKeeper.open(settings, options, state, () => {
    throw new Error('these policies ask nobody');
  });
  closing.push(keeper);
  return { keeper, state };
}

describe('at the start', () => {
  it('is the built-in policy, the configured one, or the one of the command line', async () => {
    expect((await open({})).state.status().policy).toMatchObject({
      name: 'baseline',
      source: { kind: 'embedded' },
    });
    const own = policy('a.yaml', 'name: own\n');
    expect((await open({ policy: { file: own } })).state.status().policy).toMatchObject({
      name: 'own',
      source: { kind: 'file', file: own },
    });
    const other = policy('b.yaml', 'name: other\n');
    expect((await open({ policy: { file: own } }, other)).state.status().policy.name).toBe('other');
  });

  it('a bad one is an end with every problem and its mend, not a start without rules', async () => {
    const bad = policy('bad.yaml', 'name: bad\nmodles: []\nguardrials: []\n');
    await expect(open({}, bad)).rejects.toThrow(/bad\.yaml:3:1: modles.*bad\.yaml:4:1: guardrials/s);
    await expect(open({}, file('none.yaml'))).rejects.toThrow(/can't be read/);
  });
});

describe('at a change', () => {
  it('a good policy replaces the old one; a bad one is told and changes nothing; a good one clears that', async () => {
    const own = policy('a.yaml', 'name: one\n');
    const { keeper, state } = await open({ policy: { file: own } });
    policy('a.yaml', 'name: two\nrollout: { shadow: true }\n');
    expect(await keeper.reload()).toEqual([]);
    expect(state.status().policy).toMatchObject({
      name: 'two',
      warnings: [{ file: own, line: 3, field: 'rollout.shadow' }],
    });
    policy('a.yaml', 'name: three\nnonsense: 1\n');
    expect(await keeper.reload()).toMatchObject([{ file: own, line: 3, field: 'nonsense' }]);
    const refused = state.status();
    expect(refused.policy).toMatchObject({ name: 'two', lastError: { problems: [{ field: 'nonsense' }] } });
    expect(refused.degraded).toContainEqual(expect.objectContaining({ code: 'policy-refused' }));
    expect(refused.incidents).toMatchObject([{ code: 'policy-refused', count: 1 }]);
    policy('a.yaml', 'name: four\n');
    expect(await keeper.reload()).toEqual([]);
    expect(state.status()).toMatchObject({ policy: { name: 'four', warnings: [] }, degraded: [] });
    expect(state.status().policy.lastError).toBeUndefined();
  });

  it('of several changes in a row the last one stays, whatever each has to load', async () => {
    const own = policy('a.yaml', 'name: one\n');
    const { keeper, state } = await open({ policy: { file: own } });
    policy('a.yaml', 'name: two\nguardrails: [{ id: a, detect: code, action: warn, when: "true" }]\n');
    const first = keeper.reload();
    await setImmediate(); // it has been read, and waits for what it needs
    policy('a.yaml', 'name: three\n');
    await Promise.all([first, keeper.reload()]);
    expect(state.status().policy.name).toBe('three');
  });

  it('another policy file in the configuration is followed, once it is good', async () => {
    const { keeper, state } = await open({ policy: { file: policy('a.yaml', 'name: one\n') } });
    writeFileSync(file('config.json'), JSON.stringify({ policy: { file: policy('b.yaml', 'name: two\n') } }));
    await keeper.reloadConfig();
    // Followed at once, or by the watcher's first look at the new file: either is before the next call.
    await vi.waitFor(() => expect(state.status().policy.name).toBe('two'));
  });

  it('a bad configuration changes nothing; one that needs a restart says so', async () => {
    const { keeper, state } = await open({ listen: { port: 1234 } });
    writeFileSync(file('config.json'), '{ "lisen": {} }');
    await keeper.reloadConfig();
    expect(state.status().config.problems).toMatchObject([
      { field: 'lisen', mend: expect.stringMatching(/listen/) },
    ]);
    writeFileSync(file('config.json'), '{ "listen": { "port": 4321 } }');
    await keeper.reloadConfig();
    expect(state.status().config.problems).toMatchObject([
      { field: 'listen', message: expect.stringContaining('next start') },
    ]);
    expect(state.settings.config.listen.port).toBe(1234);
    writeFileSync(file('config.json'), '{ "listen": { "port": 1234 } }');
    await keeper.reloadConfig();
    expect(state.status().config.problems).toEqual([]);
  });
});

describe('files that rules name', () => {
  const WORDS = `name: words
guardrails:
  - { id: names, detect: keyword, dictionary: [names.txt], on: [request], action: block }
`;

  it('are read again when they change, with the policy, all or nothing', async () => {
    writeFileSync(file('names.txt'), 'falcon\n');
    const { keeper, state } = await open({ policy: { file: policy('words.yaml', WORDS) } });
    keeper.watch();
    const found = (text: string): number =>
      Object.values(keeper.current.detectors.byKey).flatMap((one) =>
        one !== undefined && 'scan' in one ? one.scan(text) : [],
      ).length;
    expect(found('project heron')).toBe(0);
    writeFileSync(file('names.txt'), 'heron\n');
    await vi.waitFor(() => expect(found('project heron')).toBe(1), 5000);
    rmSync(file('names.txt'));
    await vi.waitFor(() => expect(state.status().policy.lastError).toBeDefined(), 5000);
    expect(found('project heron')).toBe(1);
    writeFileSync(file('names.txt'), 'egret\n');
    await vi.waitFor(() => expect(found('project egret')).toBe(1), 5000);
    expect(state.status().policy.lastError).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')(
    'a pipe instead of the policy is a problem, and nobody waits for it',
    async () => {
      execFileSync('mkfifo', [file('pipe.yaml')]);
      await expect(open({}, file('pipe.yaml'))).rejects.toThrow(/isn't a file/);
    },
  );
});
