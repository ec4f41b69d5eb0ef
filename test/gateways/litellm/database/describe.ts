/** What the real LiteLLM does by its database: budgets of teams, users and customers, keys that end, and whose models. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AllSaid, askAll, ROUTED_POLICY } from '../../../kit/gateways/journeys.ts';
import { quotaOf, reload } from '../../../kit/gateways/told-quota.ts';
import { type Office, openOffice } from '../../../kit/office.ts';
import { type LitellmWithDatabase, startLitellmWithDatabase } from './real.ts';

const PROMPT = 'What is a postern?';
/** What a call costs is in its tables a while after it. */
const WRITTEN_SECONDS = 60;

export function describeDatabase(): void {
  describe('LiteLLM: teams, users, customers', () => {
    let gateway: LitellmWithDatabase;
    let office: Office | undefined;

    beforeAll(async () => {
      gateway = await startLitellmWithDatabase();
    });
    afterEach(async () => {
      await office?.stop();
      office = undefined;
      gateway.clear();
    });
    afterAll(async () => {
      await gateway?.stop();
    });

    const open = async (virtualKey: unknown, more: object = {}): Promise<Office> => {
      office = await openOffice({
        policy: ROUTED_POLICY,
        config: { gateway: { ...gateway.config, virtualKey, ...more } },
      });
      return office;
    };
    const chat = async (here: Office): Promise<{ readonly status: number; readonly body: string }> => {
      const { stdout } = await here.run([
        ...['curl', '-s', '-w', '\n%{http_code}', 'https://api.openai.com/v1/chat/completions'],
        ...['-H', 'content-type: application/json'],
        ...['-d', JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: PROMPT }] })],
      ]);
      const at = stdout.lastIndexOf('\n');
      return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
    };
    /** Each answer costs more than any budget here: it refuses as soon as that is known. */
    const untilRefused = async (here: Office): Promise<string> => {
      for (let second = 0; second < WRITTEN_SECONDS; second += 1) {
        const { status, body } = await chat(here);
        if (status !== 200) {
          expect({ status, body }).toMatchObject({ status: 400 });
          return body;
        }
        await sleep(1_000);
      }
      throw new Error(`it goes on answering:\n${gateway.log().slice(-4_000)}`);
    };
    const everyCall = (said: AllSaid, words: RegExp): void => {
      for (const [call, { ok, status, message }] of Object.entries(said)) {
        expect({ call, ok, status, message }).toMatchObject({ ok: false, status: 400 });
        expect(message).toMatch(words);
      }
    };

    it("a team's budget and models are the key's, and are in status", async () => {
      const team = await gateway.admin.makeTeam({
        team_alias: 'research',
        max_budget: 1_000_000,
        budget_duration: '30d',
        models: ['gpt-4o-mini'],
      });
      const here = await open(await gateway.admin.makeKey({ team_id: team, key_alias: 'ada-research' }));
      const { budgets } = await quotaOf(here);
      expect(budgets).toMatchObject([{ label: 'team', limitUsd: 1_000_000, spentUsd: 0 }]);
      const said = await askAll(here, PROMPT, 0);
      for (const [call, { ok, status, message }] of Object.entries(said)) {
        const allowed = /^(chat|responses)/.test(call);
        expect({ call, ok }, message).toEqual({ call, ok: allowed });
        if (!allowed)
          expect({ status, message }).toMatchObject({ status: 400, message: expect.stringMatching(/model/) });
      }
    });

    it("a team's budget that is used up is told as such", async () => {
      const team = await gateway.admin.makeTeam({ team_alias: 'sales', max_budget: 10 });
      const here = await open(await gateway.admin.makeKey({ team_id: team }));
      expect(await untilRefused(here)).toMatch(/budget/i);
      await reload(here);
      everyCall(await askAll(here, PROMPT, 0), /budget/i);
    });

    it("a user's budget that is used up is told as such", async () => {
      const user = await gateway.admin.makeUser({ user_id: 'ada', max_budget: 10 });
      const here = await open(await gateway.admin.makeKey({ user_id: user }));
      expect(await quotaOf(here)).toMatchObject({ budgets: [{ label: 'user', limitUsd: 10 }] });
      expect(await untilRefused(here)).toMatch(/budget/i);
    });

    it('a key that ends while it is used', async () => {
      const key = await gateway.admin.makeKey({ duration: '4s' });
      const here = await open(key);
      expect((await chat(here)).status).toBe(200);
      await sleep(4_500);
      everyCall(await askAll(here, PROMPT, 0), /switched off the virtual key, or it has expired|has expired/);
      const { stdout } = await here.postern(['status']);
      expect(stdout).toMatch(/expired|switched off/);
      expect(stdout).not.toContain(key);
    });

    it('a key that is deleted while it is used is replaced by the one that is there now', async () => {
      const NAME = 'company-key';
      const first = await gateway.admin.makeKey();
      const here = await open({ keychain: NAME });
      const credentials = path.join(here.home, 'credentials');
      const write = (key: string): void => {
        mkdirSync(credentials, { recursive: true, mode: 0o700 });
        writeFileSync(path.join(credentials, NAME), key, { mode: 0o600 });
      };
      write(first);
      for (let attempt = 0; attempt < 60 && (await chat(here)).status !== 200; attempt += 1) await sleep(500);
      expect((await chat(here)).status).toBe(200);
      const second = await gateway.admin.makeKey();
      write(second);
      await gateway.admin.deleteKey(first);
      const refused = await chat(here);
      expect(refused).toMatchObject({ status: 400, body: expect.stringMatching(/know the virtual key/) });
      for (let attempt = 0; attempt < 20 && (await chat(here)).status !== 200; attempt += 1) await sleep(250);
      expect((await chat(here)).status).toBe(200);
      const { stdout } = await here.postern(['status']);
      expect(stdout).not.toMatch(/does not take the key/);
    });

    it('a key that is blocked and unblocked while it is used', async () => {
      const key = await gateway.admin.makeKey();
      const here = await open(key);
      expect((await chat(here)).status).toBe(200);
      await gateway.admin.blockKey(key, true);
      everyCall(await askAll(here, PROMPT, 0), /switched off/);
      await gateway.admin.blockKey(key, false);
      await reload(here);
      expect((await chat(here)).status).toBe(200);
      const { stdout } = await here.postern(['status']);
      expect(stdout).not.toMatch(/does not take the key|switched off/);
    });

    // The last one: from here on this person has nothing left.
    it("a customer's budget is that of the person, whom the agent tells", async () => {
      await gateway.admin.makeCustomer({ user_id: userInfo().username, max_budget: 10 });
      const here = await open(await gateway.admin.makeKey());
      expect(await untilRefused(here)).toMatch(/budget/i);
      await here.stop();
      // Without attribution nobody knows whose budget it would be.
      const silent = await open(await gateway.admin.makeKey(), { attribution: false });
      expect((await chat(silent)).status).toBe(200);
    });
  });
}
