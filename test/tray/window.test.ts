/**
 * The tray's window in Chromium, on a real agent that has carried real traffic: what it answers, what it does, that
 * everybody can use it, and what it says when the agent is paused, mistaken, gone, or back.
 */
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import type { BridgeEvent } from '../../tray-ui/src/shared/bridge.ts';
import { violationsIn } from '../kit/axe.ts';
import { COMPANY_PARTS, COMPANY_POLICY } from '../kit/company-parts.ts';
import type { Office } from '../kit/office.ts';
import { startAgentAgain } from '../kit/restart-agent.ts';
import { makeCalls, openTrayOffice, TRAY_POLICY } from '../kit/tray-office.ts';
import {
  errorsOf,
  goTo,
  NO_WINDOW,
  openTrayWindows,
  overflowing,
  type TrayWindows,
  textSize,
} from '../kit/tray-window.ts';

const PAGES = ['Now', 'Activity', 'Money', 'Apps', 'Privacy', 'Help'] as const;
/** A faked stream is whole at once; its reader must not hear that it has ended. */
const KEEP_STREAMS_OPEN = `{
  const { fetch } = globalThis;
  globalThis.fetch = async (target, options) => {
    const response = await fetch(target, options);
    if (!String(target).endsWith('/api/events')) return response;
    const text = await response.text();
    return new Response(new ReadableStream({ start: (sink) => sink.enqueue(new TextEncoder().encode(text)) }));
  };
}`;
/** The agent tells its watchers at most five times a second. */
const SOON = { timeout: 8_000 };

describe.skipIf(NO_WINDOW !== undefined)('the window', () => {
  let office: Office;
  let windows: TrayWindows;
  let page: Page;
  beforeAll(async () => {
    office = await openTrayOffice();
    windows = await openTrayWindows(office.home);
    page = await windows.open();
  }, 120_000);
  afterAll(async () => {
    await windows?.close();
    await office?.stop();
  });

  const text = async (selector: string): Promise<string> =>
    (await page.locator(selector).first().textContent()) ?? '';
  /** Rows in sight; the office has made nine calls, tests make more. */
  const rows = (of: Page = page): Promise<number> => of.locator('.call').count();
  const card = (title: string) =>
    page.locator('section.card', { has: page.getByRole('heading', { name: title }) });

  it('answers the three questions on its first screen, and opens soon', async () => {
    expect(await text('.hero-sentence')).toBe('Postern is checking AI traffic.');
    await card('Last stop').getByText('found an AWS access key in your message').waitFor();
    await card('Budgets').getByText('Used up: nothing of US$2.00 is left').waitFor();
    await card('Budgets')
      .getByText(/of US\$200\.00 left/)
      .waitFor();
    for (const title of ['Last stop', 'Budgets']) {
      const box = await card(title).boundingBox();
      expect(box !== null && box.y + box.height <= 680, `${title} is in sight`).toBe(true);
    }
    // From the request of the page to the answer, warm.
    const fresh = await windows.open();
    const openMs = await fresh.evaluate<number>(
      "performance.getEntriesByName('postern-answer')[0].startTime",
    );
    console.log(`the window answers after ${Math.round(openMs)} ms (goal 300, on a machine of its own)`);
    expect(openMs).toBeLessThan(5_000);
    await fresh.context().close();
  });

  it('explains each call: the rule, what was found, what to do, what is kept', async () => {
    await goTo(page, 'Activity');
    await expect.poll(() => rows(), SOON).toBeGreaterThanOrEqual(9);
    const row = page.getByRole('button', { name: /claude-sonnet-4-5 Stopped aws-access-key-id/ });
    await row.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The rule "no-secrets" found an AWS access key in your message.').waitFor();
    await dialog.getByText('Use a placeholder or your vault').waitFor();
    await dialog.getByText('aws-access-key-id').waitFor();
    await dialog.getByText('Take out what was found').waitFor();
    // The policy of this office keeps the text of stopped calls: nobody is told that it doesn't.
    await dialog.getByText('what was found may stand in it').waitFor();
    await dialog.getByText('Of the answer: nothing.').waitFor();
    await dialog.getByText('Nobody else: it stays on this machine.').waitFor();
    expect(await dialog.textContent()).not.toMatch(/AKIA/);
    // The policy keeps the text of stopped calls: the person may see it.
    await dialog.getByRole('button', { name: 'Show the stored text' }).click();
    await dialog.getByText(/Why is .* denied\?/).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await row.evaluate((element) => element.matches(':focus'))).toBe(true);

    await page.getByRole('button', { name: /claude-opus-4-5 Stopped/ }).click();
    await page.getByRole('dialog').getByText('Wait until the budget begins anew').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /gpt-4o Stopped/ }).click();
    await page.getByRole('dialog').getByText('Choose another model.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /Replaced/ }).click();
    await page.getByRole('dialog').getByText('Text that was found was replaced').waitFor();
    await page.getByRole('dialog').getByText('what was found is itself not kept').waitFor();
    await page.keyboard.press('Escape');
  });

  it('searches and filters all of the ledger', async () => {
    await goTo(page, 'Activity');
    await expect.poll(() => rows(), SOON).toBeGreaterThanOrEqual(9);
    const all = await rows();
    await page.getByLabel('Search').fill('aws-access');
    await expect.poll(() => page.locator('.call').count(), SOON).toBe(1);
    // What is searched for lags behind what is typed: it must not take letters away.
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Search').pressSequentially('customer-numbers', { delay: 110 });
    expect(await page.getByLabel('Search').inputValue()).toBe('customer-numbers');
    await expect.poll(() => rows(), SOON).toBeLessThan(all);
    await page.locator('.call', { hasText: 'Held back' }).first().waitFor();
    await page.getByLabel('Search').fill('nothing is called this');
    await page.getByText('No call matches.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Only stopped calls').check();
    await expect.poll(() => page.locator('.call', { hasText: 'Passed' }).count(), SOON).toBe(0);
    await expect.poll(() => rows(), SOON).toBeGreaterThanOrEqual(4);
    await page.getByLabel('Model', { exact: true }).selectOption('gpt-4o-mini');
    await expect.poll(() => page.locator('.call', { hasText: 'claude' }).count(), SOON).toBe(0);
    await page.locator('.call', { hasText: 'Held back' }).first().waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => rows(), SOON).toBe(all);
  });

  it('lets a call pass for a reason, shows its end, and ends it', async () => {
    await goTo(page, 'Activity');
    await page
      .getByRole('button', { name: /Held back/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Customer numbers leave the company only with a reason.').waitFor();
    await dialog.getByLabel('Why this has to be sent').fill('the customer has asked for it');
    await dialog.getByRole('button', { name: 'Let it pass' }).click();
    await dialog.getByText(/until \d\d:\d\d · “the customer has asked for it”/).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    const call = { maker: 'openai', model: 'gpt-4o-mini', prompt: 'CUST-111111?' } as const;
    expect(await makeCalls(office, [call])).toEqual([{ ok: true }]);
    await dialog.getByRole('button', { name: /End the exception/ }).click();
    await dialog.getByLabel('Why this has to be sent').waitFor();
    expect((await makeCalls(office, [call]))[0]?.ok).toBe(false);
    await page.keyboard.press('Escape');
  });

  it('shows a call that ends while it is looked at', async () => {
    await goTo(page, 'Now');
    await goTo(page, 'Activity');
    await expect.poll(() => rows(), SOON).toBeGreaterThanOrEqual(9);
    await page.waitForTimeout(300);
    const before = await rows();
    const call = { maker: 'anthropic', model: 'claude-haiku-4-5', prompt: 'Hello again.' } as const;
    await makeCalls(office, [call]);
    await page.getByRole('button', { name: /claude-haiku-4-5/ }).waitFor(SOON);
    expect(await page.locator('.call').first().textContent()).toContain('claude-haiku-4-5');
    await page.getByText(`${before + 1} calls`).waitFor();
  });

  it('shows money by day, app and model, also as tables', async () => {
    await goTo(page, 'Money');
    await page.locator('.chart canvas').waitFor();
    await page.getByRole('rowheader', { name: 'claude-opus-4-5' }).waitFor();
    await card('Limits per minute')
      .getByText(/Calls: \d+ of 600 left in this minute/)
      .waitFor();
    await card('Limits per minute').getByText('Answers at once: 0 of 20').waitFor();
    await page.getByText('As a table').click();
    expect(await page.locator('details table tbody tr').count()).toBe(30);
    expect(await text('details table tbody tr:last-child')).toMatch(/US\$[3-9]/);
    await page.getByLabel('Period').selectOption('7');
    await expect.poll(() => page.locator('details table tbody tr').count()).toBe(7);
  });

  it('shows programs, privacy and help, and keeps the promise of the preview before the save', async () => {
    await goTo(page, 'Apps');
    await card('Anthropic SDK for JavaScript').getByText('to the provider, checked here').waitFor();
    await goTo(page, 'Privacy');
    await page.getByLabel('Find an address').fill('bank.example');
    await page.getByText('None: an address like this is not looked at.').waitFor();
    await page.getByText('The text of calls that were stopped.').waitFor();
    await page.getByRole('button', { name: 'Delete stored text …' }).click();
    expect(await violationsIn(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText(/The text of \d+ calls was deleted/).waitFor();
    await goTo(page, 'Help');
    await page.getByRole('button', { name: 'Collect and show' }).click();
    await page.getByLabel('Code', { exact: true }).fill('K7QM-2X4D-9RTP');
    await page.getByRole('button', { name: 'Use the code' }).click();
    // This machine's company has no help desk with codes: the agent says so.
    await card('A code from the help desk').getByRole('alert').waitFor();
    await page.getByText('status.json').click({ timeout: 60_000 });
    await page.getByText('"counters"').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a file …' }).click();
    expect((await download).suggestedFilename()).toBe('postern-diagnostics.txt');
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText('Nothing is broken.').waitFor({ timeout: 60_000 });
    await page.getByText('Licences of what this window contains').click();
    await page.getByText(/preact 11/).waitFor();
    await page.getByText(/Show \d+ settings/).click();
    await page.getByRole('rowheader', { name: 'policy.file' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
  }, 120_000);

  it.each(['light', 'dark'] as const)(
    'has no barrier on any page, %s',
    async (colorScheme) => {
      const shown = await windows.open({ colorScheme });
      for (const name of PAGES) {
        await goTo(shown, name);
        await shown.waitForTimeout(250);
        expect(await violationsIn(shown), `${name}, ${colorScheme}`).toEqual([]);
        expect(await overflowing(shown), `${name}, ${colorScheme}`).toEqual([]);
      }
      expect(errorsOf(shown)).toEqual([]);
      await shown.context().close();
    },
    90_000,
  );

  it('can be used by keyboard alone', async () => {
    const shown = await windows.open();
    const active = (): Promise<string> =>
      shown.evaluate<string>('document.activeElement.dataset.row ?? document.activeElement.textContent');
    await shown.keyboard.press('Tab');
    expect(await active()).toBe('Skip to the content');
    await shown.keyboard.press('Enter');
    expect(await shown.evaluate('document.activeElement.id')).toBe('main');
    await shown.keyboard.press('Shift+Tab');
    expect(await active()).toBe('Help');
    for (let steps = 0; steps < 4; steps += 1) await shown.keyboard.press('Shift+Tab');
    await shown.keyboard.press('Enter');
    // The page's heading has the focus: the keyboard goes on from there.
    await expect.poll(active).toBe('Activity');
    await expect.poll(() => shown.evaluate('document.activeElement.tagName')).toBe('H1');
    await expect.poll(() => rows(shown), SOON).toBeGreaterThanOrEqual(9);
    for (const label of ['search', 'select', 'select', 'select', 'checkbox']) {
      await shown.keyboard.press('Tab');
      expect(await shown.evaluate('document.activeElement.type')).toMatch(label);
    }
    await shown.keyboard.press('Tab');
    expect(await active()).toBe('0');
    await shown.keyboard.press('End');
    const last = (await rows(shown)) - 1;
    await expect.poll(active).toBe(String(last));
    await shown.keyboard.press('ArrowUp');
    await expect.poll(active).toBe(String(last - 1));
    await shown.keyboard.press('Enter');
    await shown.getByRole('dialog').getByText('This call passed unchanged').waitFor();
    await shown.keyboard.press('Escape');
    await shown.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(active).toBe(String(last - 1));
    // One tab stop for the whole list.
    await shown.keyboard.press('Tab');
    expect(await shown.evaluate('document.activeElement.className')).not.toContain('call');
    await shown.context().close();
  });

  it('keeps all of its words at twice the text size, and in a window of half the size', async () => {
    const shown = await windows.open();
    await textSize(shown, 200);
    for (const name of PAGES) {
      await goTo(shown, name);
      await shown.waitForTimeout(150);
      expect(await overflowing(shown), `${name} at 200 %`).toEqual([]);
    }
    await textSize(shown, 100);
    await shown.setViewportSize({ width: 490, height: 480 });
    for (const name of PAGES) {
      await goTo(shown, name);
      await shown.waitForTimeout(100);
      expect(await overflowing(shown), `${name}, 490 px`).toEqual([]);
    }
    await shown.context().close();
  });

  it.each([
    ['de-DE', 'Postern prüft den KI-Verkehr.', 'Aufrufe', /200,00\s\$/, 'Angehalten'],
    ['nb-NO', 'Postern kontrollerer KI-trafikken.', 'Aktivitet', /200,00/, 'Stanset'],
  ])('speaks %s', async (locale, sentence, activity, money, stopped) => {
    const shown = await windows.open({ locale });
    expect(await shown.locator('.hero-sentence').textContent()).toBe(sentence);
    expect(await shown.evaluate('document.documentElement.lang')).toBe(locale);
    await expect.poll(() => shown.locator('.budgets').textContent()).toMatch(money);
    await goTo(shown, activity);
    await shown.locator('.call').first().waitFor();
    expect(await shown.locator('.calls').textContent()).toContain(stopped);
    expect(await violationsIn(shown)).toEqual([]);
    expect(await overflowing(shown)).toEqual([]);
    await shown.context().close();
  });

  it('opens what a notification asks for, and shows the parts that only some companies have', async () => {
    const status = JSON.parse((await office.postern(['status', '--json'])).stdout) as AgentStatus;
    const events =
      (...list: readonly BridgeEvent[]) =>
      async (fresh: Page): Promise<void> => {
        await fresh.route('**/api/events', (route) =>
          route.fulfill({
            contentType: 'text/event-stream',
            body: list.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''),
          }),
        );
      };
    const id = /"effective":"block"[^\n]*?"host":"[^"]+","id":"([^"]+)"/.exec(
      (await office.postern(['audit', 'export'])).stdout,
    )?.[1];
    const connected = {
      type: 'connected',
      status: { ...status, ...COMPANY_PARTS, policy: { ...status.policy, ...COMPANY_POLICY } },
      missed: true,
    } as const;
    const asked = await windows.open(
      {},
      events(connected, { type: 'navigate', to: { page: 'activity', decision: id ?? '' } }),
    );
    await asked.getByRole('dialog').getByText('This call was stopped.').waitFor();
    await asked.context().close();

    const pausing = await windows.open({}, async (fresh) => {
      await fresh.addInitScript(KEEP_STREAMS_OPEN);
      await events(connected, { type: 'navigate', to: { page: 'now', pauseMinutes: 60 } })(fresh);
    });
    const form = pausing.getByRole('dialog');
    expect(await form.getByLabel('60 minutes').isChecked()).toBe(true);
    await form.getByRole('button', { name: 'Cancel' }).click();
    await form.waitFor({ state: 'detached' });
    await pausing.context().close();

    // The stream of events ends here, and with it the connection: what was shown before is read while it lasts.
    const shown = await windows.open({}, async (fresh) => {
      await fresh.addInitScript(KEEP_STREAMS_OPEN);
      await events(connected)(fresh);
    });
    const part = (title: string) =>
      shown.locator('section.card', { has: shown.getByRole('heading', { name: title }) });
    await part('Rules in force').getByText('overdue, still in force').waitFor();
    await part('Rules in force').getByText('an outage at the provider').waitFor();
    await part('Company gateway').getByText('takes calls, with trouble').waitFor();
    await part('Company gateway').getByText('US$376.50 of US$500.00 left').waitFor();
    await part('Sign-in and keys').getByText('Nobody is signed in.').waitFor();
    await part('Sign-in and keys').getByRole('button', { name: 'Sign in …' }).waitFor();
    await part('Sign-in and keys').getByText('refused by the gateway').waitFor();
    expect(await violationsIn(shown)).toEqual([]);
    await goTo(shown, 'Privacy');
    await shown.getByText(/what is sent to: otel\.acme\.example/).waitFor();
    await shown.getByText('What is sent says nothing about single people.').waitFor();
    await shown.getByText(/go through your company’s gateway, ai\.acme\.example/).waitFor();
    await goTo(shown, 'Help');
    await part('Where records are sent').getByText('The collector does not answer.').waitFor();
    expect(await violationsIn(shown)).toEqual([]);
    await shown.context().close();
  });

  it('pauses with a reason and resumes', async () => {
    await goTo(page, 'Now');
    await page.getByRole('button', { name: 'Pause …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('30 minutes').check();
    await dialog.getByLabel('Why').fill('a demo');
    expect(await violationsIn(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page
      .getByText(/Postern is paused until \d\d:\d\d\./)
      .first()
      .waitFor(SOON);
    await page.getByText('AI traffic passes unchecked. Reason given: “a demo”.').waitFor();
    expect(await page.locator('.hero > .icon-paused').count()).toBe(1);
    expect(await violationsIn(page)).toEqual([]);
    await page.getByRole('button', { name: 'Resume now' }).click();
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);

    // The check-up knows of a pause too, and ends it.
    await office.postern(['pause', '--minutes', '5', '--reason', 'another']);
    await goTo(page, 'Help');
    await page.getByRole('button', { name: /^Check/ }).click();
    await page.locator('.checks').getByRole('button', { name: 'Resume now' }).click({ timeout: 60_000 });
    await goTo(page, 'Now');
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
  }, 90_000);

  it('says why a changed policy is not in force, and takes one that is right', async () => {
    writeFileSync(office.policyFile ?? '', TRAY_POLICY.replace('detect: secrets', 'detect: secretz'));
    await page.getByText('Postern works, but something needs attention.').waitFor(SOON);
    await card('Needs attention')
      .getByText(/policy\.yaml:\d+: .*secretz/)
      .waitFor();
    expect(await page.locator('.hero > .icon-attention').count()).toBe(1);
    expect(await violationsIn(page)).toEqual([]);
    await goTo(page, 'Help');
    await page.getByRole('button', { name: /^Check/ }).click();
    const mend = page.getByRole('button', { name: 'Read policy and settings again' }).first();
    await mend.waitFor({ timeout: 60_000 });
    writeFileSync(office.policyFile ?? '', TRAY_POLICY.replace('acme-baseline', 'acme-next'));
    await mend.click();
    await goTo(page, 'Now');
    await card('Rules in force')
      .getByText(/acme-next/)
      .waitFor(SOON);
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
  }, 90_000);

  it('says that the agent is gone, what that means and what to do; and is back with it', async () => {
    await goTo(page, 'Activity');
    await expect.poll(() => rows(), SOON).toBeGreaterThanOrEqual(9);
    const before = await rows();
    await office.postern(['stop']);
    await page.getByText('Postern is not running. AI traffic is not checked.').first().waitFor(SOON);
    await page.getByText('postern start').waitFor();
    expect(await page.locator('.hero > .icon-off').count()).toBe(1);
    for (const name of PAGES) {
      await goTo(page, name);
      expect(await text('.hero-sentence')).toContain('Postern is not running');
      expect(await violationsIn(page), name).toEqual([]);
    }
    const stopAgain = await startAgentAgain(office);
    try {
      await goTo(page, 'Now');
      await page.getByText('Postern is checking AI traffic.').first().waitFor({ timeout: 15_000 });
      await goTo(page, 'Activity');
      await expect.poll(() => rows(), SOON).toBe(before);
    } finally {
      await stopAgain();
    }
    expect(errorsOf(page)).toEqual([]);
  }, 90_000);
});
