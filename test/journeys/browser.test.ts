/** Debian's Chromium through the agent's PAC, with the device CA in an NSS database. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { openOffice } from '../kit/office.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function hasCertutil(): boolean {
  try {
    execFileSync('certutil', ['-H'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

it('fetches from an AI host inside a page, and is told why a prompt was stopped', async (context) => {
  if (!existsSync(CHROMIUM)) return context.skip('no Chromium at /usr/bin/chromium');
  if (!hasCertutil()) return context.skip('no certutil (libnss3-tools)');
  const office = await openOffice();
  const database = path.join(office.folder, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  execFileSync('certutil', ['-d', `sql:${database}`, '-N', '--empty-password']);
  execFileSync('certutil', [
    '-d',
    `sql:${database}`,
    '-A',
    '-t',
    'C,,',
    '-n',
    'postern',
    '-i',
    office.ready.ca,
  ]);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...ARGS, `--proxy-pac-url=${office.ready.pac}`],
    env: { ...process.env, HOME: office.folder } as Record<string, string>,
  });
  try {
    const page = await browser.newPage();
    const response = await page.goto('https://api.openai.com/v1/models');
    expect(response?.status()).toBe(200);
    expect(response?.headers()['x-postern-decision']).toBeTruthy();
    const said = await page.evaluate(async () => {
      const answer = await fetch('/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'gpt-4o-mini',
          messages: [{ role: 'user', content: 'hello from a page' }],
        }),
      });
      return answer.text();
    });
    expect(said).toContain('I am the fake provider');
  } finally {
    await browser.close();
    await office.stop();
  }
}, 90_000);
