import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings, SettingsFile } from '../../../tray-ui/src/main/settings.ts';

describe('what may stand in the file', () => {
  it.each([
    [{}, {}],
    [{ startAtLogin: false }, { startAtLogin: false }],
    [{ quietHours: { from: 22, to: 7 } }, { quietHours: { from: 22, to: 7 } }],
    [{ fromTheFuture: 1, startAtLogin: true }, { startAtLogin: true }],
  ])('%j', (value, settings) => {
    expect(parseSettings(value)).toEqual(settings);
  });

  it.each([
    [null, 'the file must be an object'],
    [[], 'the file must be an object'],
    [{ startAtLogin: 'yes' }, 'startAtLogin must be true or false'],
    [{ quietHours: 22 }, 'quietHours must be an object'],
    [{ quietHours: { from: 22 } }, 'quietHours.to must be a whole hour'],
    [{ quietHours: { from: 22.5, to: 7 } }, 'quietHours.from must be a whole hour'],
    [{ quietHours: { from: -1, to: 7 } }, 'quietHours.from must be a whole hour'],
  ])('%j is refused with its field', (value, message) => {
    expect(() => parseSettings(value)).toThrow(message);
  });
});

describe('the file', () => {
  let folder: string;
  let file: string;
  const faults: string[] = [];
  const open = () => new SettingsFile(file, (where, error) => faults.push(`${where}: ${error}`));
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'postern-settings-'));
    file = path.join(folder, 'userData', 'tray.json');
    faults.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('need not exist, and keeps what was chosen', () => {
    const settings = open();
    expect(settings.current).toEqual({});
    settings.change({ startAtLogin: true });
    settings.change({ quietHours: { from: 22, to: 7 } });
    expect(open().current).toEqual({ startAtLogin: true, quietHours: { from: 22, to: 7 } });
    settings.change({ quietHours: undefined });
    expect(open().current).toEqual({ startAtLogin: true });
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(faults).toEqual([]);
  });

  it('that is no JSON is kept aside with the reason, and replaced at the next choice', () => {
    open().change({});
    writeFileSync(file, '{"startAtLogin": tru');
    const settings = open();
    expect(settings.current).toEqual({});
    expect(readFileSync(`${file}.bad`, 'utf8')).toBe('{"startAtLogin": tru');
    expect(faults.join()).toContain('tray.json.bad');
    settings.change({ startAtLogin: false });
    expect(open().current).toEqual({ startAtLogin: false });
  });
});
