/** Draws the icons of the tray and of the app from their SVG sources, in the formats and sizes of each system. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { ICNS_SIZES_PX, icnsFile, icoFile, type Pixels } from './icon-files.ts';

const SOURCES = path.join(import.meta.dirname, '..', 'icons');
export const TRAY_ICONS = ['protected', 'attention', 'paused', 'off'] as const;

/** Logical size in a panel; Electron chooses among `@2x` and the like by file name. */
const LINUX_PX = 22;
const MAC_PX = 16;
const SCALES = [1, 1.25, 1.5, 2, 3] as const;
/** From 100 % to 400 %. */
const WINDOWS_PX = [16, 20, 24, 32, 40, 48, 64] as const;
const APP_WINDOWS_PX = [16, 24, 32, 48, 64, 128, 256] as const;
/** hicolor's usual sizes (specifications.freedesktop.org/icon-theme-spec). */
const APP_LINUX_PX = [16, 22, 24, 32, 48, 64, 128, 256, 512] as const;
const WINDOW_PX = 256;

let ready: Promise<void> | undefined;

/** `color`: replaces the source's own colour. */
export async function drawIcon(name: string, sizePx: number, color?: string): Promise<Pixels> {
  ready ??= initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  await ready;
  const source = readFileSync(path.join(SOURCES, `${name}.svg`), 'utf8');
  const svg = color === undefined ? source : source.replace(/(<svg [^>]*color=")[^"]*/, `$1${color}`);
  const drawn = new Resvg(svg, {
    fitTo: { mode: 'width', value: sizePx },
    font: { loadSystemFonts: false },
  }).render();
  const pixels = { sizePx, rgba: straightAlpha(drawn.pixels), png: drawn.asPng() };
  drawn.free();
  return pixels;
}

/** The renderer keeps colours multiplied by their alpha; files don't. */
function straightAlpha(pixels: Uint8Array): Uint8Array {
  const rgba = Uint8Array.from(pixels);
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] ?? 0;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++)
      rgba[channel] = Math.min(255, Math.round(((rgba[channel] ?? 0) * 255) / alpha));
  }
  return rgba;
}

/** What the running tray shows: PNG for Linux, monochrome templates for macOS, .ico for Windows; and the window's icon. */
export async function writeTrayIcons(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of TRAY_ICONS) {
    for (const scale of SCALES) {
      const suffix = scale === 1 ? '' : `@${scale}x`;
      const color = await drawIcon(name, Math.round(LINUX_PX * scale));
      writeFileSync(path.join(folder, `${name}${suffix}.png`), color.png);
      if (!Number.isInteger(scale)) continue; // no Mac has such a screen
      const template = await drawIcon(name, MAC_PX * scale, '#000');
      writeFileSync(path.join(folder, `${name}Template${suffix}.png`), template.png);
    }
    const sizes = await Promise.all(WINDOWS_PX.map((sizePx) => drawIcon(name, sizePx)));
    writeFileSync(path.join(folder, `${name}.ico`), icoFile(sizes));
  }
  writeFileSync(path.join(folder, 'app.png'), (await drawIcon('app', WINDOW_PX)).png);
}

/** What the installers want; none of it goes into the app itself. */
export async function writeAppIcons(folder: string): Promise<void> {
  mkdirSync(path.join(folder, 'icons'), { recursive: true });
  for (const sizePx of APP_LINUX_PX)
    writeFileSync(path.join(folder, 'icons', `${sizePx}x${sizePx}.png`), (await drawIcon('app', sizePx)).png);
  const windows = await Promise.all(APP_WINDOWS_PX.map((sizePx) => drawIcon('app', sizePx)));
  writeFileSync(path.join(folder, 'icon.ico'), icoFile(windows));
  const mac = await Promise.all(ICNS_SIZES_PX.map((sizePx) => drawIcon('app', sizePx)));
  writeFileSync(path.join(folder, 'icon.icns'), icnsFile(mac));
}
