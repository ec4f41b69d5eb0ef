/** The main process on the real agent carrying real traffic: what the person sees of it without opening a window. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTray } from '../../../tray-ui/src/main/tray-app.ts';
import { CHANNELS } from '../../../tray-ui/src/shared/channels.ts';
import { type ElectronDouble, electronDouble } from '../../kit/electron-double.ts';
import { type Office, openOffice } from '../../kit/office.ts';

const POLICY = `postern: 1
name: office
guardrails:
  - id: codenames
    detect: keyword
    terms: [osprey]
    on: [request]
    action: block
    message: Leave the codename out.
budgets:
  - { id: daily, scope: user, window: 1d, limitUsd: 20, action: warn }
`;
const SDK = path.join(import.meta.dirname, '..', '..', 'journeys', 'scripts', 'openai-sdk.mjs');
let office: Office;
let double: ElectronDouble;

beforeAll(async () => {
  office = await openOffice({ policy: POLICY });
  double = electronDouble();
  startTray({
    electron: double.electron,
    folder: '/app/dist',
    home: office.home,
    args: ['--at-login'],
    os: 'linux',
    program: '/opt/postern-tray',
    userConfigFolder: double.folder,
  });
}, 60_000);
afterAll(async () => {
  double.clear();
  await office.stop();
});

const icon = (): string => path.basename(double.tray.image, '.png');
const slow = { timeout: 15_000 };

it('a day with the tray', async () => {
  // All is well: how much is left, and nothing was stopped.
  await expect.poll(icon, slow).toBe('protected');
  await expect.poll(() => double.entry('daily: US$20.00 of US$20.00 left'), slow).toBeDefined();
  expect(double.entry('Nothing was stopped today')).toBeDefined();

  // A stop is told with the rule's own words, and opens that very decision.
  const ran = await office.run([process.execPath, SDK, 'chat', 'tell me about osprey']);
  await expect.poll(() => double.notifications.length, slow).toBe(1);
  expect(double.notifications[0]?.options).toMatchObject({
    title: 'Postern stopped a call to OpenAI API',
    body: 'Leave the codename out.',
  });
  await expect.poll(() => double.entry('Last stop: OpenAI API'), slow).toBeDefined();
  double.notifications[0]?.events.emit('click');
  double.send(CHANNELS.subscribe);
  const to = double.windows[0]?.sent.at(-1);
  expect(to).toMatchObject({ type: 'navigate', to: { page: 'activity' } });
  const id = to?.type === 'navigate' ? to.to.decision : undefined;
  expect(ran.stdout).toContain(id);
  // The page hears of it a moment before it is on disk.
  await expect
    .poll(() => double.invoke(CHANNELS.call, 'exchange', { id }), slow)
    .toMatchObject({ ok: true, output: { id, effective: 'block' } });

  // The next of the same kind isn't told again.
  const before = double.windows[0]?.sent.length ?? 0;
  await office.run([process.execPath, SDK, 'chat', 'osprey once more']);
  // The page hears of it; the person is not disturbed.
  await expect
    .poll(() => double.windows[0]?.sent.slice(before).filter(({ type }) => type === 'exchange').length, slow)
    .toBe(1);
  expect(double.notifications).toHaveLength(1);

  // Paused by the page, resumed by the menu.
  await double.invoke(CHANNELS.call, 'pause', { minutes: 60, reason: 'a demo' });
  await expect.poll(icon, slow).toBe('paused');
  double.click('Resume now');
  await expect.poll(icon, slow).toBe('protected');

  // Off, when the agent is.
  await office.postern(['stop']);
  await expect.poll(icon, slow).toBe('off');
  expect(double.tray.tip).toContain('not running');
}, 90_000);
