/** Who is calling, told by the system: real programs through the real agent, saying of themselves what they like. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Office, openOffice } from '../kit/office.ts';

const CLAUDE = 'claude-cli/2.1.330 (external, cli)';
const CHAT = 'https://api.openai.com/v1/chat/completions';
const body = (text: string): string =>
  JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: text }] });

describe.skipIf(process.platform !== 'linux')('the program behind a call', () => {
  let here: Office;
  let folder: string;
  let eventFile: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'postern-processes-'));
    eventFile = path.join(folder, 'events.jsonl');
    here = await openOffice({
      // With telemetry on, others listen to what the edge says: who is calling must reach the policy all the same.
      config: { telemetry: { heartbeatSeconds: 5, sinks: [{ type: 'file', path: eventFile }] } },
      policy: `postern: 1
name: by-program
services: [{ match: [mistral], mode: tunnel }]
apps:
  rules: [{ match: [python-http], state: denied, message: Ask for a project. }]
`,
    });
  }, 60_000);
  afterAll(async () => {
    await here.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Line {
    readonly id: string;
    readonly kind: string;
    readonly host?: string;
    readonly app?: { id: string; identifiedBy: string; process?: { name: string; script?: string } };
    readonly code?: string;
    readonly detail?: string;
  }
  const log = async (): Promise<Line[]> =>
    JSON.parse((await here.postern(['audit', 'tail', '--json', '-n', '200'])).stdout) as Line[];
  /** The record of the call that `act` makes. Records are written a moment after the answer. */
  const recordOf = async (act: () => Promise<unknown>): Promise<Line> => {
    const before = new Set((await log()).map(({ id }) => id));
    await act();
    return vi.waitFor(
      async () => {
        const found = (await log()).find(({ id, kind }) => kind === 'exchange' && !before.has(id));
        if (found === undefined) throw new Error('no record yet');
        return found;
      },
      { timeout: 10_000, interval: 100 },
    );
  };
  const json = ['-H', 'content-type: application/json', '-d', body('hi')];
  const file = (name: string, text: string): string => {
    const at = path.join(here.folder, name);
    writeFileSync(at, text);
    return at;
  };

  it('curl is curl, whatever it says', async () => {
    const record = await recordOf(() => here.run(['curl', '-sS', '-A', CLAUDE, ...json, CHAT]));
    expect(record.app).toMatchObject({ id: 'curl', identifiedBy: 'process', process: { name: 'curl' } });
  });

  it('a Node script is told by its libraries, and named with its file; it cannot claim to be Claude Code', async () => {
    const script = file(
      'caller.mjs',
      `const [agent] = process.argv.slice(2);
       const headers = { 'content-type': 'application/json', 'user-agent': agent };
       const answer = await fetch(${JSON.stringify(CHAT)}, { method: 'POST', headers, body: ${JSON.stringify(body('hi'))} });
       await answer.text();`,
    );
    const claim = (agent: string) =>
      recordOf(() => here.run([process.execPath, script, agent], { env: { NODE_USE_ENV_PROXY: '1' } }));
    const by = { name: 'node', script: 'caller.mjs' };
    expect((await claim('OpenAI/JS 7.57.0')).app).toMatchObject({
      id: 'openai-js',
      identifiedBy: 'header',
      process: by,
    });
    const cheat = await claim(CLAUDE);
    expect(cheat.app).toMatchObject({ id: 'node-http', identifiedBy: 'process', process: by });
    const told = await here.postern(['explain', cheat.id]);
    expect(told.stdout).toContain('a Node.js program (by process)');
    expect(JSON.stringify(await log())).not.toContain(here.folder);
  });

  it('a rule about programs holds for a Python script that says it is Claude Code', async () => {
    const script = file(
      'caller.py',
      `import urllib.request
request = urllib.request.Request(${JSON.stringify(CHAT)}, data=${JSON.stringify(body('hi'))}.encode(),
  headers={'content-type': 'application/json', 'user-agent': ${JSON.stringify(CLAUDE)}})
try:
  print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as refused:
  print(refused.code, refused.read().decode())
`,
    );
    let said = '';
    const record = await recordOf(async () => {
      said = (await here.run(['python3', script])).stdout;
    });
    expect(said).toMatch(/^400 .*Ask for a project/);
    expect(record.app).toMatchObject({ id: 'python-http', identifiedBy: 'process' });
    expect(record.app?.process).toMatchObject({ script: 'caller.py' });
  });

  it('a program that pins another certificate is let through, and no other', async () => {
    const pinned = path.join(here.folder, 'vendor-app');
    copyFileSync('/usr/bin/curl', pinned);
    const other = path.join(here.folder, 'other-app');
    copyFileSync('/usr/bin/curl', other);
    const ask = (program: string, trust: readonly string[] = []) =>
      here.run([program, '-sS', '-D', '-', '-o', '/dev/null', ...trust, 'https://chatgpt.com/']);
    // They trust the provider's own root, and nothing else.
    const providerOnly = ['--cacert', path.join(here.folder, 'corp-ca.pem')];
    // The first failure may be over before it is known whose it was; from then on that is asked first. On a machine
    // that is busy enough, the answer may come too late once more.
    let through = await ask(pinned, providerOnly);
    for (let attempt = 0; attempt < 12 && through.code !== 0; attempt += 1) {
      expect(through.code).toBe(60); // CURLE_PEER_FAILED_VERIFICATION
      through = await ask(pinned, providerOnly);
    }
    expect(through, JSON.stringify((await log()).map(({ detail }) => detail))).toMatchObject({ code: 0 });
    expect(through.stdout).not.toContain('x-postern-decision');
    expect((await ask(other, providerOnly)).code).toBe(60);
    expect((await ask(other)).stdout).toContain('x-postern-decision');
    const events = await log();
    expect(events.find(({ code }) => code === 'pinned-client')?.detail).toBe(
      "chatgpt.com: vendor-app doesn't accept our certificate",
    );
    expect(events.map(({ detail }) => detail)).toContain('chatgpt.com: unknown-ca (vendor-app)');
  }, 60_000);

  it('a tunnel that nobody reads still counts as its program, in the heartbeat', async () => {
    const providerOnly = ['--cacert', path.join(here.folder, 'corp-ca.pem')];
    const through = await here.run(['curl', '-sS', '-D', '-', ...providerOnly, 'https://api.mistral.ai/']);
    expect(through).toMatchObject({ code: 0 });
    expect(through.stdout).not.toContain('x-postern-decision');
    await vi.waitFor(() => expect(coverage()).toContainEqual(expect.objectContaining(CURL_UNREAD)), {
      timeout: 15_000,
      interval: 200,
    });
    expect(coverage().filter(({ service }) => service === 'mistral')).toHaveLength(1);
  }, 60_000);

  interface Heartbeat {
    readonly coverage: readonly { readonly app: string; readonly service: string }[];
  }
  const CURL_UNREAD = { app: 'curl', service: 'mistral', governed: 0, tunnelled: 1 };
  const coverage = (): Heartbeat['coverage'] => {
    const lines = readFileSync(eventFile, 'utf8').trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { code?: string; detail: string });
    const last = events.findLast(({ code }) => code === 'heartbeat');
    if (last === undefined) return [];
    const { said } = JSON.parse(last.detail) as { said: string };
    return (JSON.parse(said) as Heartbeat).coverage;
  };
});
