import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { autoUpdate } from '../../../tray-ui/src/main/auto-update.ts';
import { organisationOf } from '../../../tray-ui/src/main/organisation.ts';
import { type ElectronDouble, electronDouble } from '../../kit/electron-double.ts';

const FEED = 'https://updates.example.com/postern/';
const DAY_MS = 86_400_000;
let double: ElectronDouble;
const notes: string[] = [];
const faults = {
  note: (where: string, error: unknown) => void notes.push(`${where}: ${error}`),
  guard: (_where: string, work: () => unknown) => void work(),
};

beforeEach(() => {
  vi.useFakeTimers();
  notes.length = 0;
  double = electronDouble({ isPackaged: true });
});
afterEach(() => {
  double.clear();
  vi.useRealTimers();
});

it('is off until there is a feed, then looks once a day, and stops when the feed is gone', () => {
  const updates = autoUpdate(double.electron, 'darwin', faults);
  updates.feed(undefined);
  expect(double.said).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  updates.feed(FEED);
  updates.feed(FEED);
  expect(double.said).toEqual([`feed ${FEED}`, 'check for updates']);
  vi.advanceTimersByTime(DAY_MS);
  expect(double.said).toHaveLength(3);
  updates.feed(undefined);
  expect(vi.getTimerCount()).toBe(0);
});

it('does nothing on Linux, nor in development', () => {
  autoUpdate(double.electron, 'linux', faults).feed(FEED);
  const development = electronDouble({ isPackaged: false });
  autoUpdate(development.electron, 'darwin', faults).feed(FEED);
  expect([...double.said, ...development.said]).toEqual([]);
  development.clear();
});

it('follows https alone, and says why not', () => {
  const updates = autoUpdate(double.electron, 'win32', faults);
  updates.feed('http://updates.example.com/');
  expect(double.said).toEqual([]);
  expect(notes.join()).toContain('not an https address');
});

it('writes down an update that could not be had', () => {
  const updates = autoUpdate(double.electron, 'darwin', faults);
  updates.feed(FEED);
  double.autoUpdater.emit('error', new Error('no such host'));
  expect(notes).toEqual(['auto-update: Error: no such host']);
  updates.close();
  expect(vi.getTimerCount()).toBe(0);
});

it('takes the feed from the managed configuration alone', () => {
  const feed = (origin: 'managed' | 'own') =>
    organisationOf({ settings: [{ key: 'tray.updateFeedUrl', value: FEED, origin }] }).updateFeedUrl;
  expect(feed('managed')).toBe(FEED);
  expect(feed('own')).toBeUndefined();
});

it.each([
  ['true', true],
  ['false', false],
])('knows from it whether a pause is allowed: %s', (value, mayPause) => {
  expect(organisationOf({ settings: [{ key: 'tray.allowPause', value, origin: 'default' }] })).toEqual({
    mayPause,
  });
  expect(organisationOf({ settings: [] })).toEqual({});
});
