import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Faults } from '../../../tray-ui/src/main/faults.ts';

let folder: string;
let logFile: string;
let changes: number;
let faults: Faults;
const log = (): string => readFileSync(logFile, 'utf8');

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'postern-faults-'));
  logFile = path.join(folder, 'logs', 'tray.log');
  changes = 0;
  faults = new Faults({ logFile, nowMs: () => 0, onChange: () => void changes++ });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('writes down where and what, and tells until somebody has looked', () => {
  faults.report('window', new Error('gone'));
  expect(log()).toMatch(/^1970-01-01T00:00:00\.000Z window: Error: gone\n {4}at /);
  expect(faults.latest).toBe('window');
  faults.seen();
  faults.seen();
  expect(faults.latest).toBeUndefined();
  expect(changes).toBe(2);
});

it('only writes down what nobody need see', () => {
  faults.note('notification', 'no server');
  expect(log()).toContain('notification: no server');
  expect(faults.latest).toBeUndefined();
});

it('catches what is thrown and what is rejected', async () => {
  faults.guard('one', () => {
    throw new Error('thrown');
  });
  faults.guard('two', async () => {
    throw new Error('rejected');
  });
  await expect.poll(() => faults.latest).toBe('two');
  expect(log()).toMatch(/thrown[\s\S]*rejected/);
});

it('keeps the log small', () => {
  faults.note('start', 'first');
  writeFileSync(logFile, 'x'.repeat(300 * 1024));
  faults.note('start', 'second');
  expect(statSync(logFile).size).toBeLessThan(1_000);
  expect(statSync(`${logFile}.1`).size).toBe(300 * 1024);
});

it('goes on when what shows faults is itself at fault, and when the log cannot be written', () => {
  const broken = new Faults({
    logFile,
    nowMs: () => 0,
    onChange: () => {
      throw new Error('no icon');
    },
  });
  broken.report('menu', new Error('first'));
  expect(log()).toMatch(/first[\s\S]*icon: Error: no icon/);
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  new Faults({
    logFile: path.join(logFile, 'below-a-file'),
    nowMs: () => 0,
    onChange: () => undefined,
  }).report('menu', 'x');
  expect(String(written.mock.calls)).toContain('can’t be written'.replace('’', "'"));
  written.mockRestore();
});
