/** Every mode through a real gateway: which way each call goes, and whose credential arrives where. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from '../office.ts';
import { MODEL_ANSWER } from './contract-server.ts';
import type { GatewayCallSeen, GatewayUnderTest } from './gateway-under-test.ts';
import { type AllSaid, askAll } from './journeys.ts';

const SCRIPTS = path.join(import.meta.dirname, '..', '..', 'journeys', 'scripts');
const COUNTS = path.join(SCRIPTS, 'counts-and-lists.mjs');
const PROVIDER_KEY = { anthropic: 'sk-ant-provider-key-anthropic', gemini: 'provider-key-google' };

export interface ModesOfGateway {
  /** Services whose own credential it hands on. */
  readonly passesThrough: ReadonlySet<'anthropic' | 'gemini'>;
  /** Counts and lists (names of counts-and-lists.mjs) that it can't answer. */
  readonly cannot: RegExp | undefined;
}

const policyOf = (modes: Readonly<Record<string, string>>): string =>
  [
    'postern: 1',
    'name: modes',
    'services:',
    ...Object.entries(modes).map(([service, mode]) => `  - { match: [${service}], mode: ${mode} }`),
    '',
  ].join('\n');

/** Headers of gateways' own, among them those that tell on whose behalf a call is made. */
const ATTRIBUTION = /^x-(litellm|portkey|bf)-/;

const of = (said: AllSaid, calls: RegExp) => Object.entries(said).filter(([call]) => calls.test(call));
const OPENAI = /^(chat|responses)/;
const ANTHROPIC = /^message/;
const GEMINI = /^gemini/;

function answered(said: AllSaid, calls: RegExp): void {
  for (const [call, { ok, text, message }] of of(said, calls))
    expect({ call, ok, text, message }).toMatchObject({ ok: true, text: MODEL_ANSWER.text });
}

/** Model lists apart, which gateways read by themselves. */
const posts = (calls: readonly GatewayCallSeen[] = []) => calls.filter(({ method }) => method === 'POST');

export function describeModes(
  name: string,
  start: () => Promise<GatewayUnderTest>,
  { passesThrough, cannot }: ModesOfGateway,
): void {
  describe(`${name}: modes`, () => {
    let gateway: GatewayUnderTest;
    let office: Office | undefined;
    const open = async (modes: Readonly<Record<string, string>>): Promise<Office> => {
      office = await openOffice({
        policy: policyOf(modes),
        config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
      });
      return office;
    };

    beforeAll(async () => {
      gateway = await start();
    });
    afterEach(async () => {
      await office?.stop();
      office = undefined;
      gateway.clear();
    });
    afterAll(async () => {
      await gateway?.stop();
    });

    it('gateway, passthrough and direct side by side, streamed and not', async () => {
      const here = await open({ openai: 'gateway', anthropic: 'passthrough', gemini: 'direct' });
      const said = await askAll(here, 'What is a postern?');
      answered(said, OPENAI);
      answered(said, GEMINI);
      answered(said, ANTHROPIC);
      expect(posts(gateway.received)).toHaveLength(6);
      const own = posts(gateway.received).filter(({ path: at }) => at.includes('/messages'));
      for (const { headers } of own) {
        expect(JSON.stringify(headers)).toContain(PROVIDER_KEY.anthropic);
        expect(JSON.stringify(headers)).toContain(gateway.key);
      }
      // Of all that the gateway sent on, only Anthropic's calls have a key of the app's, and none a virtual key.
      const sent = posts(gateway.sentOn);
      expect(sent).toHaveLength(6);
      for (const { path: at, headers } of sent) {
        const apps = at.includes('/messages');
        expect(JSON.stringify(headers).includes('provider-key'), at).toBe(apps);
        // Nor does what the gateway alone is told of user and device: docs/admin.md says where LiteLLM sends it on.
        if (!apps) expect(Object.keys(headers).filter((name) => ATTRIBUTION.test(name))).toEqual([]);
        if (apps)
          expect([headers['x-api-key'], headers.authorization]).toContainEqual(
            expect.stringContaining(PROVIDER_KEY.anthropic),
          );
      }
      expect(JSON.stringify(gateway.sentOn)).not.toContain(gateway.key);
      // Gemini was asked without the gateway, with the app's own key.
      const direct = posts(here.provider.received);
      expect(direct).toHaveLength(2);
      for (const { headers } of direct) expect(headers['x-goog-api-key']).toBe(PROVIDER_KEY.gemini);
      expect(JSON.stringify(here.provider.received)).not.toContain(gateway.key);
    });

    it('tunnel, block, and passthrough of another service', async () => {
      const here = await open({ openai: 'tunnel', anthropic: 'block', gemini: 'passthrough' });
      // What is tunnelled shows its own certificate, which on a real machine is in the system's store.
      const trusted = path.join(here.folder, 'trusted.pem');
      writeFileSync(trusted, readFileSync(here.ready.ca, 'utf8') + here.authority.pem);
      const said = await askAll(here, 'What is a postern?', 0, ['env', `NODE_EXTRA_CA_CERTS=${trusted}`]);
      answered(said, OPENAI);
      for (const [call, { ok, status }] of of(said, ANTHROPIC))
        expect({ call, ok, status }).toEqual({ call, ok: false, status: 400 });
      if (passesThrough.has('gemini')) {
        answered(said, GEMINI);
        for (const { headers } of posts(gateway.sentOn))
          expect(headers['x-goog-api-key']).toBe(PROVIDER_KEY.gemini);
      } else {
        for (const [call, { ok, status, message }] of of(said, GEMINI)) {
          expect({ call, ok, status }).toEqual({ call, ok: false, status: 400 });
          expect(message).toMatch(/own sign-in/);
        }
      }
      expect(posts(gateway.received)).toHaveLength(passesThrough.has('gemini') ? 2 : 0);
      expect(JSON.stringify(gateway.sentOn)).not.toContain(gateway.key);
      const untouched = posts(here.provider.received);
      expect(untouched).toHaveLength(4);
      for (const { headers } of untouched)
        expect(headers.authorization).toBe('Bearer sk-provider-key-openai');
    });

    it('token counts and model lists', async () => {
      const here = await open({ openai: 'gateway', anthropic: 'gateway', gemini: 'gateway' });
      const ran = await here.run(['node', COUNTS]);
      const line = ran.stdout.trim().split('\n').at(-1) ?? '';
      expect(line, ran.stderr + here.log()).toMatch(/^\{/);
      const said = JSON.parse(line) as Record<string, { ok: boolean; value?: unknown; message?: string }>;
      for (const [call, { ok, value, message }] of Object.entries(said)) {
        if (cannot?.test(call)) continue;
        expect({ call, ok, message }).toMatchObject({ ok: true });
        if (/count/i.test(call)) expect(value).toBe(21);
      }
      expect(here.provider.received).toEqual([]);
      expect(JSON.stringify(gateway.received)).not.toContain('provider-key');
      expect(JSON.stringify(gateway.sentOn)).not.toMatch(/provider-key|virtual-key/);
    });
  });
}
