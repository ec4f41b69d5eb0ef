/** What must hold for any gateway, real or contract server: real SDKs, through the real agent, to it and back. */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from '../office.ts';
import { MODEL_ANSWER } from './contract-server.ts';
import type { GatewayUnderTest, Refusal } from './gateway-under-test.ts';

const SCRIPT = path.join(import.meta.dirname, '..', '..', 'journeys', 'scripts', 'three-sdks.mjs');
/** What the SDKs would show the providers. */
const PROVIDER_KEYS = /provider-key/;
export const ROUTED_POLICY = `postern: 1
name: routed
services:
  - match: [openai, anthropic, gemini]
    mode: gateway
`;

interface Said {
  readonly ok: boolean;
  readonly text?: string;
  readonly status?: number;
  readonly message?: string;
}
export type AllSaid = Readonly<Record<string, Said>>;

/** `before`: words before the command. */
export async function askAll(
  office: Office,
  prompt: string,
  retries = 2,
  before: readonly string[] = [],
): Promise<AllSaid> {
  const ran = await office.run([...before, 'node', SCRIPT, prompt, String(retries)]);
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  expect(line, `${ran.stderr}\n${office.log()}`).toMatch(/^\{/);
  return JSON.parse(line) as AllSaid;
}

/** What each refusal comes to: the status that every client gets, and the words that must be in it. */
const OUTCOMES: readonly (readonly [Refusal, number, RegExp])[] = [
  ['unknown-key', 400, /doesn't know the virtual key/],
  ['inactive-key', 400, /switched off the virtual key|expired/],
  ['model', 400, /doesn't allow this model/],
  ['provider', 400, /doesn't allow this (provider|model)/],
  ['budget', 400, /budget is used up.*10\.21/],
  ['guardrail', 400, /guardrail/],
  ['web-page', 400, /captive portal/],
  ['rate', 429, /limit per time is reached/],
  ['timeout', 408, /no answer in time/],
  ['provider-down', 503, /exhausted|overloaded/],
];

/** Of a guardrail on the way out; of the real LiteLLM when its provider's connection ends. */
const STREAM_ERRORS = /guardrail|connection error|not completed/i;

export function describeGateway(name: string, start: () => Promise<GatewayUnderTest>): void {
  describe(name, () => {
    let gateway: GatewayUnderTest;
    let office: Office;

    beforeAll(async () => {
      gateway = await start();
      office = await openOffice({
        policy: ROUTED_POLICY,
        config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
      });
    });
    afterEach(() => gateway.clear());
    afterAll(async () => {
      await office?.stop();
      await gateway?.stop();
    });

    it('takes every call of every SDK, streamed or not, without a provider key', async () => {
      const said = await askAll(office, 'What is a postern?');
      for (const [call, { ok, text, message }] of Object.entries(said))
        expect({ call, ok, text, message }).toMatchObject({ ok: true, text: MODEL_ANSWER.text });
      expect(gateway.received).toHaveLength(8);
      expect(JSON.stringify(gateway.received)).not.toMatch(PROVIDER_KEYS);
      expect(office.provider.received).toHaveLength(0);
      for (const { headers } of gateway.received) {
        expect(headers[gateway.keyHeader]).toContain(gateway.key);
        expect(headers.cookie).toBeUndefined();
      }
      if (gateway.sentOn === undefined) return;
      // Nor does a virtual key reach a provider, or what the agent tells the gateway about the user.
      expect(gateway.sentOn.length).toBeGreaterThanOrEqual(8);
      expect(JSON.stringify(gateway.sentOn)).not.toContain(gateway.key);
      expect(JSON.stringify(gateway.sentOn)).not.toMatch(PROVIDER_KEYS);
    });

    it('is told in records, explain and status, and the key nowhere', async () => {
      await askAll(office, 'Once more');
      const usage = await office.postern(['usage', '--by', 'key', '--json']);
      expect(usage.stdout).toContain('"company"');
      const log = await office.postern(['audit', 'export']);
      expect(log.stdout).toContain('"mode":"gateway"');
      const explained = await office.postern(['explain', 'https://api.openai.com/v1/chat/completions']);
      expect(explained.stdout).toMatch(/mode\s+gateway/);
      expect(explained.stdout).toMatch(/goes through .* at 127\.0\.0\.1/);
      const status = await office.postern(['status', '--json']);
      const told = JSON.parse(status.stdout) as { gateway: Record<string, unknown> };
      expect(told.gateway).toMatchObject({
        host: expect.stringContaining('127.0.0.1'),
        state: 'up',
        key: 'company',
      });
      for (const { stdout, stderr } of [usage, log, explained, status])
        expect(stdout + stderr + office.log()).not.toContain(gateway.key);
    });

    it('what it does not serve is refused, in words', async () => {
      const refused = await office.run([
        'curl',
        '-s',
        'https://api.openai.com/v1/images/generations',
        '-H',
        'content-type: application/json',
        '-H',
        'authorization: Bearer sk-provider-key-openai',
        '-d',
        '{"model":"gpt-image-1","prompt":"a postern"}',
      ]);
      expect(refused.stdout).toContain("doesn't take this kind of call");
      expect(gateway.received).toHaveLength(0);
      expect(office.provider.received).toHaveLength(0);
    });

    it('model lists come from the gateway', async () => {
      const listed = await office.run([
        'curl',
        '-s',
        'https://api.openai.com/v1/models',
        '-H',
        'authorization: Bearer sk-provider-key-openai',
      ]);
      expect(JSON.parse(listed.stdout)).toMatchObject({ data: expect.any(Array) });
      expect(gateway.received.length).toBeGreaterThan(0);
      expect(JSON.stringify(gateway.received)).not.toMatch(PROVIDER_KEYS);
    });

    describe.each(OUTCOMES)('its refusal %s', (how, status, words) => {
      it(`reaches each client as ${status}, with its reason`, async (context) => {
        if (!gateway.canRefuse.has(how)) return context.skip(`${gateway.title} can't be made to say this`);
        await gateway.refuse(how);
        // A client that is told to come back does: that is not for this test to wait for.
        const prompt = gateway.prompts?.[how] ?? 'What is a postern?';
        const said = await askAll(office, prompt, status === 400 ? 2 : 0);
        for (const [call, { ok, status: got, message }] of Object.entries(said)) {
          if (gateway.unchecked?.[how]?.test(call)) continue;
          // LiteLLM makes a provider's 503 a 500 for Anthropic's format; either is worth another try.
          const expected = how === 'provider-down' ? expect.toBeOneOf([500, 503]) : status;
          expect({ call, ok, got, message }).toMatchObject({ ok: false, got: expected });
          expect(message).toMatch(words);
          expect(message).not.toContain(gateway.key);
        }
        // Nobody tried again.
        expect(gateway.received).toHaveLength(8);
      });
    });

    it('a warning passes as 200, and is recorded', async (context) => {
      if (!gateway.canRefuse.has('warning')) return context.skip(`${gateway.title} gives no warnings here`);
      await gateway.refuse('warning');
      const said = await askAll(office, gateway.prompts?.warning ?? 'What is a postern?');
      for (const [call, { ok, text, message }] of Object.entries(said)) {
        if (gateway.unchecked?.warning?.test(call)) continue;
        expect({ call, ok, text, message }).toMatchObject({ ok: true, text: MODEL_ANSWER.text });
      }
      const log = await office.postern(['audit', 'export']);
      expect(log.stdout).toContain('let the call pass with a warning');
    });

    it('an error inside a stream reaches the client as it is, and is recorded', async (context) => {
      if (!gateway.canRefuse.has('stream-error')) return context.skip(`${gateway.title} can't be made to`);
      await gateway.refuse('stream-error');
      const said = await askAll(office, 'What is a postern?', 0);
      const streams = Object.entries(said).filter(([call]) => call.endsWith('Stream'));
      const told = streams.filter(([, { ok, message = '' }]) => !ok && STREAM_ERRORS.test(message));
      expect(told.length, JSON.stringify(streams)).toBeGreaterThan(0);
      const log = await office.postern(['audit', 'export']);
      expect(log.stdout).toContain('ended the answer with an error');
    });
  });
}
