/** What the real LiteLLM knows of a key, as the agent reads it; and the paths of its own that keep a vendor's format. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askAll, ROUTED_POLICY } from '../../kit/gateways/journeys.ts';
import { quotaOf } from '../../kit/gateways/told-quota.ts';
import { type Office, openOffice } from '../../kit/office.ts';
import { type RealLitellm, startRealLitellm } from './real.ts';

export function describeKeys(): void {
  describe('LiteLLM: keys', () => {
    let gateway: RealLitellm;
    let office: Office | undefined;

    beforeAll(async () => {
      gateway = await startRealLitellm();
    });
    afterEach(async () => {
      await office?.stop();
      office = undefined;
      gateway.clear();
    });
    afterAll(async () => {
      await gateway?.stop();
    });

    const openWith = async (row: object): Promise<Office> => {
      gateway.setKeys({ [gateway.key]: row });
      office = await openOffice({
        policy: ROUTED_POLICY,
        config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
      });
      return office;
    };
    it('budget, limits and models are in status, and a model that is not allowed is refused here', async () => {
      const here = await openWith({
        key_alias: 'ada-laptop',
        max_budget: 1_000_000,
        spend: 2.5,
        budget_duration: '30d',
        rpm_limit: 600,
        models: ['gpt-4o-mini', 'gemini-2.5-flash'],
      });
      expect(await quotaOf(here)).toMatchObject({
        budgets: [{ label: 'key', limitUsd: 1_000_000, spentUsd: 2.5 }],
        rates: [{ of: 'requests', limit: 600 }],
        allowedModels: ['gpt-4o-mini', 'gemini-2.5-flash'],
      });
      const said = await askAll(here, 'What is a postern?', 0);
      for (const [call, { ok, status, message }] of Object.entries(said)) {
        const allowed = !call.startsWith('message');
        expect({ call, ok, message }).toMatchObject({ ok: allowed });
        if (!allowed) expect(status).toBe(400);
      }
      expect(gateway.received.some(({ path }) => path.includes('/messages'))).toBe(false);
    });

    it('a budget that is used up stops calls before they are sent', async () => {
      const here = await openWith({ max_budget: 10, spend: 10 });
      await quotaOf(here);
      const said = await askAll(here, 'What is a postern?', 0);
      for (const [call, { ok, status, message }] of Object.entries(said)) {
        expect({ call, ok, status }).toEqual({ call, ok: false, status: 400 });
        expect(message).toMatch(/budget/i);
      }
      expect(gateway.received).toEqual([]);
    });

    it.each([
      ['expired', { expires: '2026-01-01T00:00:00Z' }],
      ['switched off', { blocked: true }],
    ])('a key that is %s is told in status, with what to do', async (_how, row) => {
      const here = await openWith(row);
      const said = await askAll(here, 'What is a postern?', 0);
      for (const [call, { ok, status, message }] of Object.entries(said)) {
        expect({ call, ok, status }).toEqual({ call, ok: false, status: 400 });
        expect(message).toMatch(/switched off the virtual key, or it has expired/);
        expect(message).not.toContain(gateway.key);
      }
      const status = await here.postern(['status']);
      expect(status.stdout).toMatch(/switched off or expired/);
    });

    // The driver uses none of these two: the first keeps an app's key to itself, the second wants the key as Google's.
    it('its /anthropic and /gemini use its own credentials, whatever the caller shows', async () => {
      const ask = (path: string, headers: Record<string, string>, body: object) =>
        fetch(`http://127.0.0.1:${gateway.port}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        });
      const messages = [{ role: 'user', content: 'What is a postern?' }];
      const claude = { model: 'claude-sonnet-4-5', max_tokens: 20, messages };
      const shown = { 'x-litellm-api-key': `Bearer ${gateway.key}`, 'x-api-key': 'sk-ant-key-of-the-app' };
      expect((await ask('/anthropic/v1/messages', shown, claude)).status).toBe(200);
      const contents = [{ role: 'user', parts: [{ text: 'What is a postern?' }] }];
      const at = `/gemini/v1beta/models/gemini-2.5-flash:generateContent?key=${gateway.key}`;
      expect((await ask(at, {}, { contents })).status).toBe(200);
      const sent = (gateway.sentOn ?? []).filter(({ method }) => method === 'POST');
      expect(sent).toHaveLength(2);
      expect(sent[0]?.headers['x-api-key']).toBe('sk-ant-key-of-the-company');
      expect(sent[1]?.path).toContain('key=key-of-the-company-gemini');
      expect(JSON.stringify(sent)).not.toMatch(/key-of-the-app/);
    });
  });
}
