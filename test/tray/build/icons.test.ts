import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { icnsFile, icoFile } from '../../../tray-ui/build/icon-files.ts';
import { drawIcon, TRAY_ICONS, writeAppIcons, writeTrayIcons } from '../../../tray-ui/build/icons.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-icons-'));
beforeAll(async () => {
  await writeTrayIcons(path.join(folder, 'icons'));
  await writeAppIcons(path.join(folder, 'resources'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pngSize = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)];
const read = (...names: string[]): Buffer => readFileSync(path.join(folder, ...names));

describe('the four states', () => {
  /** Where there is ink, at the size of a panel. */
  const shape = async (name: string): Promise<boolean[]> => {
    const { rgba } = await drawIcon(name, 16, '#000');
    return Array.from({ length: 256 }, (_, at) => (rgba[at * 4 + 3] ?? 0) > 127);
  };

  it('differ in shape, not in colour alone, even at 16 pixels', async () => {
    const shapes = await Promise.all(TRAY_ICONS.map(shape));
    for (const [index, one] of shapes.entries())
      for (const other of shapes.slice(index + 1))
        expect(one.filter((ink, at) => ink !== other[at]).length).toBeGreaterThanOrEqual(12);
  });

  it('differ in colour, and each stands out from a light and from a dark panel', async () => {
    const colors = await Promise.all(TRAY_ICONS.map(colorOf));
    expect(new Set(colors.map(String)).size).toBe(4);
    for (const color of colors)
      for (const panel of [0, 1]) expect(contrast(luminance(color), panel)).toBeGreaterThanOrEqual(2.9);
  });
});

/** Of the first pixel that is all ink. */
async function colorOf(name: string): Promise<readonly number[]> {
  const { rgba } = await drawIcon(name, 64);
  for (let at = 0; at < rgba.length; at += 4) if (rgba[at + 3] === 255) return [...rgba.slice(at, at + 3)];
  throw new Error(`${name} is empty`);
}

/** www.w3.org/TR/WCAG22/#dfn-relative-luminance */
const luminance = (color: readonly number[]): number =>
  color
    .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, channel) => sum + value * ([0.2126, 0.7152, 0.0722][channel] ?? 0), 0);
const contrast = (one: number, other: number): number =>
  (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);

describe('the files', () => {
  it.each(TRAY_ICONS)('of %s are there for every system, in its sizes', (name) => {
    for (const [suffix, sizePx] of [
      ['', 22],
      ['@1.25x', 28],
      ['@1.5x', 33],
      ['@2x', 44],
      ['@3x', 66],
    ] as const)
      expect(pngSize(read('icons', `${name}${suffix}.png`))).toEqual([sizePx, sizePx]);
    for (const [suffix, sizePx] of [
      ['', 16],
      ['@2x', 32],
      ['@3x', 48],
    ] as const)
      expect(pngSize(read('icons', `${name}Template${suffix}.png`))).toEqual([sizePx, sizePx]);
    const ico = read('icons', `${name}.ico`);
    const sizes = Array.from({ length: ico.readUInt16LE(4) }, (_, index) => ico.readUInt8(6 + index * 16));
    expect(sizes).toEqual([16, 20, 24, 32, 40, 48, 64]);
  });

  it('of a template hold no colour, only black of some strength', async () => {
    const { rgba } = await drawIcon('protected', 32, '#000');
    for (let at = 0; at < rgba.length; at += 4) expect([...rgba.slice(at, at + 3)]).toEqual([0, 0, 0]);
  });

  it('of the app are what the packager wants', () => {
    expect(read('resources', 'icon.icns').subarray(0, 4).toString()).toBe('icns');
    expect(read('resources', 'icon.icns').readUInt32BE(4)).toBe(read('resources', 'icon.icns').length);
    expect(readdirSync(path.join(folder, 'resources', 'icons'))).toContain('512x512.png');
    expect(pngSize(read('resources', 'icons', '512x512.png'))).toEqual([512, 512]);
  });
});

describe('the containers', () => {
  const image = (sizePx: number) => ({
    sizePx,
    rgba: Uint8Array.from({ length: sizePx * sizePx * 4 }, (_, at) => at % 256),
    png: Buffer.from(`png of ${sizePx}`),
  });

  it('.ico: bitmaps upside down with blue first, PNG from 256 pixels on', () => {
    const ico = icoFile([image(2), image(256)]);
    expect([...ico.subarray(0, 6)]).toEqual([0, 0, 1, 0, 2, 0]);
    const at = ico.readUInt32LE(6 + 12);
    expect(ico.readInt32LE(at + 8)).toBe(4);
    // The last row comes first: pixel 2 is 8, 9, 10, 11 as red, green, blue, alpha.
    expect([...ico.subarray(at + 40, at + 44)]).toEqual([10, 9, 8, 11]);
    expect(ico.readUInt8(6 + 16)).toBe(0);
    const png = ico.readUInt32LE(6 + 16 + 12);
    expect(ico.subarray(png).toString()).toBe('png of 256');
    expect(ico.readUInt32LE(6 + 8)).toBe(40 + 16 + 8);
  });

  it('.icns: one entry for each type of a size', () => {
    const icns = icnsFile([image(256)]);
    expect(icns.toString('latin1')).toMatch(/^icns....ic08....png of 256ic13....png of 256$/s);
  });
});
