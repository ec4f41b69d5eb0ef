/** Signing in and out from the window: the real oidc-provider in the same Chromium, and a real agent in between. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violationsIn } from '../../kit/axe.ts';
import { type Office, openOffice } from '../../kit/office.ts';
import { CLIENT_ID, type OpenIdProvider, startOpenIdProvider } from '../../kit/openid-provider.ts';
import { createTestAuthority } from '../../kit/pki.ts';
import { NO_WINDOW, openTrayWindows, SOON, sectionOf, type TrayWindows } from '../../kit/tray-window.ts';

describe.skipIf(NO_WINDOW !== undefined)('signing in from the window', () => {
  let folder: string;
  let op: OpenIdProvider;
  let office: Office;
  let windows: TrayWindows;
  let page: Page;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'postern-tray-sign-in-'));
    const authority = await createTestAuthority('Identity Root');
    op = await startOpenIdProvider({ authority, accessTokenSeconds: 4 });
    const caFile = path.join(folder, 'identity-ca.pem');
    writeFileSync(caFile, authority.pem);
    office = await openOffice({
      config: {
        upstream: { extraCaFile: caFile, allowPrivateTargets: true },
        identity: { issuer: op.issuer, clientId: CLIENT_ID, prompt: 'consent' },
        secrets: { store: 'file' },
      },
    });
    windows = await openTrayWindows(office.home);
    // That Chromium believes the provider's certificate is another test's matter.
    page = await windows.open({ ignoreHTTPSErrors: true });
  }, 120_000);
  afterAll(async () => {
    await windows?.close();
    await office?.stop();
    await op?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const identity = () => sectionOf(page, 'Sign-in and keys');

  /** What a person does on the provider's pages. */
  async function signInAt(provider: Page): Promise<void> {
    await provider.fill('input[name=login]', 'ann');
    await provider.fill('input[name=password]', 'correct horse');
    await provider.click('button[type=submit]');
    await provider.click('button[type=submit]'); // consent
    await provider.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/done$/);
    expect(await provider.textContent('h1')).toBe('Signed in');
  }

  it('says that nobody is signed in, and what to do about it, at the top too', async () => {
    await identity().getByText('Nobody is signed in.').waitFor(SOON);
    await page
      .locator('.hero')
      .getByText(/Nobody is signed in/)
      .waitFor(SOON);
    expect(await page.locator('.hero > .icon-attention').count()).toBe(1);
    expect(await violationsIn(page)).toEqual([]);
  });

  it('waits while the person is in the browser, and can be given up', async () => {
    const opened = page.context().waitForEvent('page');
    await identity().getByRole('button', { name: 'Sign in …' }).click();
    const provider = await opened;
    await provider.waitForURL(new RegExp(`^${op.issuer}/`));
    await identity()
      .getByText(/Go on in your browser/)
      .waitFor(SOON);
    expect(await violationsIn(page)).toEqual([]);
    await identity().getByRole('button', { name: 'Cancel' }).click();
    await identity().getByRole('button', { name: 'Sign in …' }).waitFor(SOON);
    await provider.close();
  });

  it('shows who is signed in once the provider has said so; nothing of it is in the window’s own address', async () => {
    const opened = page.context().waitForEvent('page');
    await identity().getByRole('button', { name: 'Sign in …' }).click();
    await signInAt(await opened);
    await identity().getByText('Signed in as ann@acme.test').waitFor(SOON);
    await identity().getByText('engineering').waitFor();
    await page.getByText('Postern is checking AI traffic.').first().waitFor(SOON);
    expect(page.url()).not.toMatch(/code=|state=/);
    expect(await violationsIn(page)).toEqual([]);
  });

  it('signs out, at the provider too', async () => {
    const opened = page.context().waitForEvent('page');
    await identity().getByRole('button', { name: 'Sign out' }).click();
    const provider = await opened;
    await provider.waitForURL(new RegExp(`^${op.issuer}/`));
    await identity().getByText('Nobody is signed in.').waitFor(SOON);
    await provider.getByRole('button').first().click(); // "sign out", at the provider
    await provider.close();
  });

  it('asks again when the provider has ended the sign-in', async () => {
    const opened = page.context().waitForEvent('page');
    await identity().getByRole('button', { name: 'Sign in …' }).click();
    const provider = await opened;
    await signInAt(provider);
    await identity().getByText('Signed in as ann@acme.test').waitFor(SOON);
    await op.revokeAll();
    await identity().getByText('Nobody is signed in.').waitFor(SOON);
    await page.locator('.hero > .icon-attention').waitFor(SOON);
    await identity().getByRole('button', { name: 'Sign in …' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
  });
});
