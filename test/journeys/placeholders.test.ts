/** What left the device as a placeholder comes back as what it was: in streamed text and tool calls, in every vendor's SDK. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const POLICY = `postern: 1
name: placeholders
guardrails:
  - { id: hide, detect: secrets, on: [request], action: redact, redaction: reversible, restoreInToolCalls: true }
`;
const VENDORS = ['openai-chat', 'openai-responses', 'anthropic', 'gemini'];
const KEY = liveLookingAwsKey(31);
const PLACEHOLDER = /AWS_ACCESS_KEY_ID_[0-9A-Z]{8}_X/;

let office: Office;
beforeAll(async () => {
  office = await openOffice({ policy: POLICY });
});
afterAll(() => office.stop());
beforeEach(() => {
  office.provider.received.length = 0;
  // A model that repeats what it was given, in text or in a tool call.
  office.provider.answer = ({ body }) => {
    const word = PLACEHOLDER.exec(body)?.[0] ?? 'nothing';
    return body.includes('call the tool')
      ? { text: '', toolCall: { name: 'send', arguments: JSON.stringify({ to: `"${word}"`, n: 1 }) } }
      : { text: `I have noted ${word}; ${word} is what you said.` };
  };
});

const ask = async (vendor: string, prompt: string) => {
  const ran = await office.run(['node', 'test/journeys/scripts/restored.mjs', vendor, prompt]);
  expect(ran.stderr).toBe('');
  return JSON.parse(ran.stdout) as { text: string; toolArguments: string };
};

describe.each(VENDORS)('%s', (vendor) => {
  it('gets its value back in the streamed text, and the provider never sees it', async () => {
    const { text } = await ask(vendor, `remember ${KEY} for me`);
    expect(text).toBe(`I have noted ${KEY}; ${KEY} is what you said.`);
    expect(office.provider.transcript()).not.toContain(KEY);
    expect(office.provider.transcript()).toMatch(PLACEHOLDER);
  });

  it('gets it back in the arguments of a tool call, as JSON that can be parsed', async () => {
    const { toolArguments } = await ask(vendor, `call the tool with ${KEY}`);
    expect(JSON.parse(toolArguments)).toEqual({ to: `"${KEY}"`, n: 1 });
    expect(office.provider.transcript()).not.toContain(KEY);
  });
});

it('says the same word for the same value in every call, so that prompt caches hold', async () => {
  await ask('openai-chat', `once ${KEY}`);
  await ask('openai-chat', `and again ${KEY}`);
  const words = office.provider.received.map(({ body }) => PLACEHOLDER.exec(body)?.[0]);
  expect(words[0]).toBeDefined();
  expect(words[1]).toBe(words[0]);
});

it('leaves the value in no file', async () => {
  await ask('anthropic', `remember ${KEY}`);
  const files = readdirSync(office.home, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.map(({ name }) => name)).toContain('vault');
  for (const { parentPath, name } of files)
    expect(readFileSync(path.join(parentPath, name), 'latin1')).not.toContain(KEY);
});
