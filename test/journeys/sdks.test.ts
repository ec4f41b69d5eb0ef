/** Real SDKs under `postern run`, against the starter policy: they stream as they would without us, and a live-looking key is refused once, in their own words. */
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pythonWith } from '../kit/clients.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const ANSWER = 'Hello! I am the fake provider, and I answer every question the same way.';
const script = (name: string): string => path.join(import.meta.dirname, 'scripts', name);
let office: Office;

interface Said {
  readonly ok: boolean;
  readonly text?: string;
  readonly events?: number;
  readonly kind?: string;
  readonly status?: number;
  readonly message?: string;
}

beforeAll(async () => {
  office = await openOffice();
});
beforeEach(() => {
  office.provider.received.length = 0;
});
afterAll(() => office.stop());

async function say(command: readonly string[]): Promise<Said> {
  const ran = await office.run(command);
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  expect(line, `${ran.stderr}\n${office.log()}`).toMatch(/^\{/);
  return JSON.parse(line) as Said;
}

const NODE_CALLS = [
  ['openai-sdk.mjs', 'chat', 'api.openai.com'],
  ['openai-sdk.mjs', 'chat-stream', 'api.openai.com'],
  ['openai-sdk.mjs', 'responses', 'api.openai.com'],
  ['openai-sdk.mjs', 'responses-stream', 'api.openai.com'],
  ['anthropic-sdk.mjs', 'message', 'api.anthropic.com'],
  ['anthropic-sdk.mjs', 'stream', 'api.anthropic.com'],
  ['google-genai-sdk.mjs', 'generate', 'generativelanguage.googleapis.com'],
  ['google-genai-sdk.mjs', 'stream', 'generativelanguage.googleapis.com'],
] as const;

describe.each(NODE_CALLS)('%s %s', (file, what, host) => {
  it('answers as without us', async () => {
    const said = await say(['node', script(file), what, 'What is a postern?']);
    expect(said).toMatchObject({ ok: true, text: ANSWER });
    if (what.includes('stream')) expect(said.events).toBeGreaterThan(4);
    expect(office.provider.received).toHaveLength(1);
    expect(office.provider.received[0]?.host).toBe(host);
    expect(office.provider.received[0]?.body).toContain('What is a postern?');
  });

  it('refuses a live-looking key once, with the reason', async () => {
    const key = liveLookingAwsKey();
    const said = await say(['node', script(file), what, `Deploy with ${key} please`]);
    expect(said).toMatchObject({ ok: false, status: 400 });
    expect(said.message).toContain('AWS');
    expect(said.message).not.toContain(key);
    expect(office.provider.transcript()).not.toContain(key);
    expect(office.provider.received).toHaveLength(0);
  });
});

describe.each(['openai', 'openai-stream', 'anthropic', 'anthropic-stream'] as const)('python %s', (what) => {
  it('answers as without us, and refuses a live-looking key', async (context) => {
    const python = await pythonWith(['openai', 'anthropic']);
    if ('missing' in python) return context.skip(python.missing);
    const said = await say([python.file, script('python_sdks.py'), what, 'What is a postern?']);
    expect(said).toMatchObject({ ok: true, text: ANSWER });
    const key = liveLookingAwsKey(11);
    const refused = await say([python.file, script('python_sdks.py'), what, `Use ${key} now`]);
    expect(refused).toMatchObject({ ok: false, kind: 'BadRequestError', status: 400 });
    expect(refused.message).toContain('AWS');
    expect(office.provider.transcript()).not.toContain(key);
  }, 240_000);
});
