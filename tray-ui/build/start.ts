/** `npm run tray`: builds and starts the Electron app, where its binary is; says so where it isn't. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { APP_TARGETS, buildTray } from './build.ts';

/** Electron's package only fetches its binary when it is first asked for; it is not ours to fetch it unasked. */
function electronBinary(): string | undefined {
  const chosen = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const folder = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const nameFile = path.join(folder, 'path.txt');
  const name = existsSync(nameFile) ? readFileSync(nameFile, 'utf8').trim() : 'electron';
  const file = path.join(chosen ?? path.join(folder, 'dist'), name);
  return existsSync(file) ? file : undefined;
}

const binary = electronBinary();
if (binary === undefined) {
  process.stdout.write(
    'The Electron binary is not on this machine (npx install-electron fetches it).\n' +
      'The same window in a browser: npm run tray:preview\n',
  );
  process.exitCode = 1;
} else {
  await buildTray(APP_TARGETS);
  const child = spawn(binary, [path.join(import.meta.dirname, '..'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
