/** `postern trust`: also where the authority that is there can't be used any more. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '../../agent/src/cli/ports.ts';
import {
  openDeviceAuthority,
  renewDeviceAuthority,
} from '../../agent/src/intercept/certificates/device-authority.ts';
import { trustRenew, trustStatus } from '../../agent/src/main/trust.ts';

const DAY_MS = 86_400_000;
let place: Place;
beforeEach(() => {
  place = { home: mkdtempSync(path.join(tmpdir(), 'pstn-trust-')), configFile: undefined };
});
afterEach(() => rmSync(place.home, { recursive: true, force: true }));

const file = (name: string): string => path.join(place.home, name);
const madeAt = (ageDays: number) => ({
  directory: place.home,
  permittedDomains: ['openai.com'],
  deviceName: 'laptop',
  now: () => Date.now() - ageDays * DAY_MS,
});

describe('trust renew', () => {
  it('leaves alone what reaches far enough and lasts', async () => {
    await trustStatus(place);
    const before = readFileSync(file('ca.pem'), 'utf8');
    expect(await trustRenew(place)).toMatchObject({ renewed: false, status: { uncovered: [] } });
    expect(readFileSync(file('ca.pem'), 'utf8')).toBe(before);
  });

  it('makes a new one for what the policy names', async () => {
    renewDeviceAuthority(madeAt(0));
    expect((await trustStatus(place)).uncovered).toContain('api.anthropic.com');
    const renewal = await trustRenew(place);
    expect(renewal).toMatchObject({ renewed: true, status: { uncovered: [] } });
    expect(renewal.explanation).toContain('may not speak for');
  });

  it.each([
    ['the key is gone', () => rmSync(file('ca-intermediate.key'))],
    ['the key is damaged', () => writeFileSync(file('ca-intermediate.key'), 'not a key', { mode: 0o600 })],
    ['the root is gone', () => rmSync(file('ca.pem'))],
  ])('mends it where %s, as every other command says it would', async (_, damage) => {
    await trustStatus(place);
    damage();
    await expect(trustStatus(place)).rejects.toMatchObject({
      exitCode: 2,
      mend: expect.stringContaining('postern trust renew'),
    });
    expect(await trustRenew(place)).toMatchObject({ renewed: true });
    expect((await trustStatus(place)).uncovered).toEqual([]);
  });

  it('is in order in the last weeks, and after the end', async () => {
    await trustStatus(place);
    const lifeDays = Math.floor((openDeviceAuthority(madeAt(0)).notAfterMs - Date.now()) / DAY_MS);
    const domains = (await trustStatus(place)).permitted;
    for (const ageDays of [lifeDays - 10, lifeDays + 10]) {
      renewDeviceAuthority({ ...madeAt(ageDays), permittedDomains: domains });
      expect(await trustRenew(place)).toMatchObject({ renewed: true });
    }
  });
});
