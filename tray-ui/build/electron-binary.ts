import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Where Electron's package unpacks its program, if it does not say so itself (its install.js). */
const PROGRAMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** Electron's package only fetches its binary when it is first asked for; it is not ours to fetch it unasked. */
export function electronBinary(): string | undefined {
  const folder = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const chosen = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const nameFile = path.join(folder, 'path.txt');
  const name = existsSync(nameFile)
    ? readFileSync(nameFile, 'utf8').trim()
    : (PROGRAMS[process.platform] ?? 'electron');
  const file = path.join(chosen ?? path.join(folder, 'dist'), name);
  return existsSync(file) ? file : undefined;
}
