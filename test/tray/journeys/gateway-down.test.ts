/** The company's gateway is really stopped, and comes back: what the window says, for each answer that a policy may give. */
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { violationsIn } from '../../kit/axe.ts';
import { startBifrost } from '../../kit/gateways/bifrost.ts';
import type { ContractServer } from '../../kit/gateways/contract-server.ts';
import { ROUTED_POLICY } from '../../kit/gateways/journeys.ts';
import { type Office, openOffice } from '../../kit/office.ts';
import { makeCalls } from '../../kit/tray-office.ts';
import {
  goTo,
  NO_WINDOW,
  openTrayWindows,
  SOON,
  sectionOf,
  type TrayWindows,
} from '../../kit/tray-window.ts';

const CALL = { maker: 'openai', model: 'gpt-4o-mini', prompt: 'Hello.' } as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  readonly office: Office;
  readonly gateway: ContractServer;
  readonly windows: TrayWindows;
  readonly page: Page;
}

async function openScene(gatewayDown: string): Promise<Scene> {
  const gateway = await startBifrost();
  closing.push(() => gateway.stop());
  const office = await openOffice({
    policy: `${ROUTED_POLICY}failure: { gatewayDown: ${gatewayDown} }\n`,
    config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
  });
  closing.push(() => office.stop());
  const windows = await openTrayWindows(office.home);
  closing.push(() => windows.close());
  const page = await windows.open();
  await makeCalls(office, [CALL]);
  await sectionOf(page, 'Company gateway').getByText('takes calls', { exact: true }).waitFor(SOON);
  return { office, gateway, windows, page };
}

const lastCall = async (page: Page, text: RegExp): Promise<void> => {
  await goTo(page, 'Activity');
  await page.locator('.call').first().getByText(text).waitFor(SOON);
};

describe.skipIf(NO_WINDOW !== undefined)('a gateway that is down', () => {
  it('refuse: calls are stopped, the reason and what to do are on the first screen; all is well when it is back', async () => {
    const { office, gateway, page } = await openScene('refuse');
    await gateway.stop();
    expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(false);
    await page.locator('.hero > .icon-attention').waitFor(SOON);
    await page
      .locator('.hero')
      .getByText(/AI gateway can't be reached: calls are refused/)
      .waitFor(SOON);
    const attention = sectionOf(page, 'Needs attention');
    await attention.getByText(/VPN/).waitFor(SOON);
    await sectionOf(page, 'Company gateway').getByText('doesn’t answer').waitFor(SOON);
    expect(await violationsIn(page)).toEqual([]);

    await lastCall(page, /Stopped|Failed/);
    await page.locator('.call').first().click();
    await page
      .getByRole('dialog')
      .getByText(/gateway/i)
      .first()
      .waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await page.keyboard.press('Escape');

    await gateway.startAgain();
    await goTo(page, 'Now');
    await expect
      .poll(async () => (await makeCalls(office, [CALL]))[0]?.ok, { timeout: 40_000, interval: 500 })
      .toBe(true);
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
    await sectionOf(page, 'Company gateway').getByText('takes calls', { exact: true }).waitFor(SOON);
  }, 120_000);

  it.each([
    ['direct', /to their providers|provider/i],
    ['tunnel', /unchecked|untouched|pass/i],
  ])(
    '%s: calls go on, and the window says how',
    async (gatewayDown, said) => {
      const { office, gateway, page } = await openScene(gatewayDown);
      await gateway.stop();
      expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(true);
      await page.locator('.hero > .icon-attention').waitFor(SOON);
      await sectionOf(page, 'Needs attention').getByText(said).first().waitFor(SOON);
      expect(await violationsIn(page)).toEqual([]);
      await goTo(page, 'Activity');
      await expect.poll(() => page.locator('.call').count(), SOON).toBe(2);
    },
    90_000,
  );
});
