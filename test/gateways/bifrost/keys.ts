/** What the real Bifrost knows of a key, and what its administrator does to it while the agent uses it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AllSaid, askAll, ROUTED_POLICY } from '../../kit/gateways/journeys.ts';
import { quotaOf, reload } from '../../kit/gateways/told-quota.ts';
import { type Office, openOffice } from '../../kit/office.ts';
import type { KeySettings, MadeKey } from './admin.ts';
import { keyWithoutCallsLeft, type RealBifrost, startRealBifrost, useUp } from './real.ts';

/** What is spent is in its database, from which it tells the quota, after ten seconds at the latest. */
const WRITTEN_SECONDS = 15;
const PROMPT = 'What is a postern?';

export function describeKeys(): void {
  describe('Bifrost: keys', () => {
    let gateway: RealBifrost;
    let office: Office | undefined;

    beforeAll(async () => {
      gateway = await startRealBifrost();
    });
    afterEach(async () => {
      await office?.stop();
      office = undefined;
      gateway.clear();
    });
    afterAll(async () => {
      await gateway?.stop();
    });

    const open = async (virtualKey: string): Promise<Office> => {
      office = await openOffice({
        policy: ROUTED_POLICY,
        config: { gateway: { ...gateway.config, virtualKey } },
      });
      return office;
    };
    const openWith = async (settings: KeySettings): Promise<{ here: Office; key: MadeKey }> => {
      const key = await gateway.admin.makeKey(settings);
      return { key, here: await open(key.secret) };
    };
    const everyCall = (said: AllSaid, status: number, words: RegExp): void => {
      for (const [call, { ok, status: got, message }] of Object.entries(said)) {
        expect({ call, ok, got, message }).toMatchObject({ ok: false, got: status });
        expect(message).toMatch(words);
      }
    };
    const answered = (said: AllSaid): void => {
      for (const [call, { ok, message }] of Object.entries(said))
        expect({ call, ok, message }).toMatchObject({ ok: true });
    };

    it('budgets and limits are in status', async () => {
      const { here } = await openWith({
        budgets: [
          { max_limit: 50, reset_duration: '1w' },
          { max_limit: 20, reset_duration: '1d' },
        ],
        rate_limit: {
          request_max_limit: 600,
          request_reset_duration: '1m',
          token_max_limit: 90_000,
          token_reset_duration: '1d',
        },
      });
      expect(await quotaOf(here)).toMatchObject({
        budgets: expect.arrayContaining([
          expect.objectContaining({ label: 'key 1w', limitUsd: 50, spentUsd: 0 }),
          expect.objectContaining({ label: 'key 1d', limitUsd: 20, spentUsd: 0 }),
        ]),
        rates: [
          { of: 'requests', limit: 600, window: '1m' },
          { of: 'tokens', limit: 90_000, window: '1d' },
        ],
      });
    });

    it('a budget that others have used up stops calls before they are sent', async () => {
      const key = await gateway.admin.makeKey({ budgets: [{ max_limit: 10, reset_duration: '1d' }] });
      await useUp(gateway.port, key.secret);
      const here = await open(key.secret);
      for (let second = 0; second < WRITTEN_SECONDS; second += 1) {
        await reload(here);
        if ((await quotaOf(here)).budgets.some(({ spentUsd }) => spentUsd > 10)) break;
        await sleep(1_000);
      }
      everyCall(await askAll(here, PROMPT, 0), 400, /budget/i);
      expect(gateway.received).toEqual([]);
    });

    it("a team's budget, which the quota doesn't tell, is refused with the gateway's words", async () => {
      const team = await gateway.admin.makeTeam('research', {
        budgets: [{ max_limit: 10, reset_duration: '1d' }],
      });
      const { here, key } = await openWith({ team_id: team });
      await useUp(gateway.port, key.secret);
      everyCall(await askAll(here, PROMPT), 400, /budget is used up: .*Team budget exceeded: 10\.21/);
      expect(gateway.received).toHaveLength(8);
    });

    it('a limit of a day is told once, one of a minute with the time to wait', async () => {
      const here = await open(gateway.key);
      gateway.replaceKey(await keyWithoutCallsLeft(gateway.admin, gateway.port, '1d'));
      everyCall(await askAll(here, PROMPT), 400, /limit per time is reached: .*resets every 1d/);
      expect(gateway.received).toHaveLength(8);
      gateway.replaceKey(await keyWithoutCallsLeft(gateway.admin, gateway.port));
      const { stdout } = await here.run([
        ...['curl', '-si', 'https://api.anthropic.com/v1/messages'],
        ...['-H', 'content-type: application/json', '-H', 'anthropic-version: 2023-06-01'],
        ...['-d', '{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}'],
      ]);
      expect(stdout).toMatch(/^HTTP\S+ 429/m);
      expect(stdout).toMatch(/^retry-after: 60\r?$/im);
    });

    it('a key that is switched off and on again while it is used', async () => {
      const { here, key } = await openWith({});
      answered(await askAll(here, PROMPT));
      await gateway.admin.changeKey(key, { is_active: false });
      everyCall(await askAll(here, PROMPT, 0), 400, /switched off|expired/);
      const off = await here.postern(['status']);
      expect(off.stdout).toMatch(/does not take the key|switched off/);
      await gateway.admin.changeKey(key, { is_active: true });
      await reload(here);
      answered(await askAll(here, PROMPT));
      const on = await here.postern(['status']);
      expect(on.stdout).not.toMatch(/does not take the key|switched off/);
      expect(off.stdout + on.stdout).not.toContain(key.secret);
    });

    it('a key that is deleted while it is used', async () => {
      const { here, key } = await openWith({});
      answered(await askAll(here, PROMPT));
      await gateway.admin.deleteKey(key);
      everyCall(await askAll(here, PROMPT, 0), 400, /doesn't know the virtual key/);
      const { stdout } = await here.postern(['status']);
      expect(stdout).toMatch(/does not know it|is not accepted/);
      expect(stdout).not.toContain(key.secret);
    });
  });
}
