/** Policy that is pushed while the window is open: stricter, taken back, a canary, a stop for everybody, and a help desk's code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceSecret, issueCode, makeMaster } from '../../../agent/src/main/override-desk.ts';
import { type Desk, openDesk } from '../../kit/agent-process.ts';
import { violationsIn } from '../../kit/axe.ts';
import { openManagedFile } from '../../kit/managed-file.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../../kit/office.ts';
import { openPolicyServer, type PolicyServer } from '../../kit/policy-server.ts';
import { openPublisher, type Publisher } from '../../kit/publisher.ts';
import { makeCalls } from '../../kit/tray-office.ts';
import {
  goTo,
  NO_WINDOW,
  openTrayWindows,
  SOON,
  sectionOf,
  type TrayWindows,
} from '../../kit/tray-window.ts';

const policy = (name: string, action: 'warn' | 'block', more = ''): string =>
  `postern: 1\nname: ${name}\nguardrails: [{ id: no-secrets, detect: secrets, action: ${action}, message: Use the vault. }]\n${more}`;
const CALL = {
  maker: 'openai',
  model: 'gpt-4o-mini',
  prompt: `why is ${liveLookingAwsKey(41)} denied?`,
} as const;
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe.skipIf(NO_WINDOW !== undefined)('policy that is pushed', () => {
  let folder: string;
  let publisher: Publisher;
  let server: PolicyServer;
  let office: Office;
  let windows: TrayWindows;
  let page: Page;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'pstn-tray-push-'));
    publisher = await openPublisher(path.join(folder, 'org'), { rootKeys: 1, rootThreshold: 1 });
    await publisher.push(policy('easy', 'warn'));
    server = await openPolicyServer(publisher.directory);
    const { fingerprint: rootFingerprint } = publisher;
    const source = { url: server.url, pollSeconds: 3600, rootFingerprint, hintUrl: server.hintUrl };
    office = await openOffice({ config: { policy: { source } } });
    windows = await openTrayWindows(office.home);
    page = await windows.open();
    await rules()
      .getByText(/^easy \(/)
      .waitFor(SOON);
  }, 120_000);
  afterAll(async () => {
    await windows?.close();
    await office?.stop();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const rules = () => sectionOf(page, 'Rules in force');
  const push = async (text: string, switches: readonly object[] = []): Promise<void> => {
    await publisher.push(text, { switches: { postern: 1, switches } });
    server.hint();
  };

  it('is in force while one looks, stops what it should, and is taken back', async () => {
    await rules().getByText('your company’s signed release').waitFor();
    expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(true);
    await push(policy('strict', 'block'));
    await rules()
      .getByText(/^strict \(/)
      .waitFor(SOON);
    expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(false);
    await sectionOf(page, 'Last stop').getByText('found an AWS access key in your message').waitFor(SOON);
    await sectionOf(page, 'Last stop').getByRole('button').click();
    await page.getByRole('dialog').getByText('Use the vault.').waitFor(SOON);
    expect(await violationsIn(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await goTo(page, 'Now');
    await push(policy('easy', 'warn'));
    await rules()
      .getByText(/^easy \(/)
      .waitFor(SOON);
    expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(true);
  }, 60_000);

  it('a canary that this device is outside of is named, and changes nothing', async () => {
    await push(policy('next', 'block', 'rollout: { canaryPercent: 0 }\n'));
    await rules()
      .getByText(/^next \(.*other devices have it first/)
      .waitFor(SOON);
    await rules()
      .getByText(/^easy \(/)
      .waitFor();
    expect((await makeCalls(office, [CALL]))[0]?.ok).toBe(true);
    expect(await violationsIn(page)).toEqual([]);
  }, 60_000);

  it('a stop for everybody says who stops what, until when and why; standing aside shows as paused', async () => {
    const stop = {
      id: 'stop',
      what: 'block',
      who: {},
      until: inAnHour(),
      reason: 'an outage at the provider',
    };
    await push(policy('easy', 'warn'), [stop]);
    await rules()
      .getByText(/Your company has stopped calls to AI services until/)
      .waitFor(SOON);
    await rules().getByText('an outage at the provider').waitFor();
    await page.locator('.hero > .icon-attention').waitFor();
    const [refused] = await makeCalls(office, [CALL]);
    expect(refused).toMatchObject({
      ok: false,
      message: expect.stringContaining('an outage at the provider'),
    });
    expect(await violationsIn(page)).toEqual([]);
    await push(policy('easy', 'warn'), [{ ...stop, id: 'aside', what: 'aside' }]);
    await page.locator('.hero > .icon-paused').waitFor(SOON);
    await page
      .getByText(/Your company has Postern stand aside until/)
      .first()
      .waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await push(policy('easy', 'warn'));
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
  }, 60_000);

  it('a server that is gone is told once it matters, and not before', async () => {
    server.say('*', (_request, response) => response.destroy());
    await goTo(page, 'Help');
    await office.postern(['reload']);
    await goTo(page, 'Now');
    await rules()
      .getByText(/^easy \(/)
      .waitFor();
    await rules().locator('.problems, .problem').first().waitFor(SOON);
    expect(await violationsIn(page)).toEqual([]);
    server.say('*', undefined);
    await office.postern(['reload']);
    await expect.poll(() => rules().locator('.problems, .problem').count(), SOON).toBe(0);
  }, 60_000);
});

describe.skipIf(NO_WINDOW !== undefined)("a help desk's code", () => {
  it('is typed in, lifts the rules until its end, and is ended', async (context) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pstn-tray-code-'));
    const [master, secretFile] = [path.join(folder, 'desk'), path.join(folder, 'device')];
    makeMaster(master);
    writeFileSync(secretFile, deviceSecret(master, hostname()), { mode: 0o600 });
    const managed = await openManagedFile({ policy: { overrideSecretFile: secretFile } });
    if ('missing' in managed) {
      rmSync(folder, { recursive: true });
      return context.skip(managed.missing);
    }
    const desk: Desk = openDesk();
    await desk.start({ inside: managed.inside });
    const windows = await openTrayWindows(desk.home);
    try {
      const page = await windows.open();
      await goTo(page, 'Help');
      const form = sectionOf(page, 'A code from the help desk');
      await form.getByLabel('Code').fill('AAAA-AAAA-AAAA');
      await form.getByRole('button', { name: 'Use the code' }).click();
      await form.getByRole('alert').waitFor(SOON);
      expect(await violationsIn(page)).toEqual([]);
      const { code } = issueCode({ masterFile: master, device: hostname(), scope: 'observe', hours: 1 });
      await form.getByLabel('Code').fill(code);
      await form.getByLabel('Code').press('Enter');
      await form.getByText(/The help desk has lifted the rules until/).waitFor(SOON);
      expect(await violationsIn(page)).toEqual([]);
      await goTo(page, 'Now');
      await page.locator('.hero > .icon-paused').waitFor(SOON);
      await goTo(page, 'Help');
      await form.getByRole('button', { name: 'End it now' }).click();
      await form.getByLabel('Code').waitFor(SOON);
      await goTo(page, 'Now');
      await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
    } finally {
      await windows.close();
      await desk.clear();
      managed.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 90_000);
});
