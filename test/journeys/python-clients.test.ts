/** Python's HTTP and WebSocket clients under `postern run`: HTTP/2, chunks, Expect, compressed requests, frames. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWith } from '../kit/clients.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const PACKAGES = ['httpx[http2]', 'requests', 'aiohttp', 'websockets'];
const SCRIPT = path.join(import.meta.dirname, 'scripts', 'python_protocols.py');
const ANSWER = 'Hello! I am the fake provider, and I answer every question the same way.';
const SETUP_TIMEOUT_MS = 240_000;
let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.stop());

describe.each(['httpx', 'httpx-h2', 'requests', 'aiohttp', 'aiohttp-ws', 'websockets'])('%s', (client) => {
  it(
    'answers as without us, and shows the reason for a refusal',
    async (context) => {
      const python = await pythonWith(PACKAGES);
      if ('missing' in python) return context.skip(python.missing);
      const say = async (prompt: string) => {
        const ran = await office.run([python.file, SCRIPT, client, prompt]);
        const line = ran.stdout.trim().split('\n').at(-1) ?? '';
        expect(line, `${ran.stderr}\n${office.log()}`).toMatch(/^\{/);
        return JSON.parse(line) as { status: number; text: string; version: string | null };
      };
      const said = await say('What is a postern?');
      expect(said).toMatchObject({ status: 200, text: ANSWER });
      if (client === 'httpx-h2') expect(said.version).toBe('HTTP/2');
      const key = liveLookingAwsKey(client.length + 20);
      const refused = await say(`Use ${key} now`);
      expect(refused).toMatchObject({
        status: 400,
        text: expect.stringMatching(/AWS[\s\S]*postern explain/),
      });
      expect(office.provider.transcript()).not.toContain(key);
    },
    SETUP_TIMEOUT_MS,
  );
});
