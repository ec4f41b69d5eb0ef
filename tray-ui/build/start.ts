/** `npm run tray`: builds and starts the Electron app, where its binary is; says so where it isn't. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { APP_TARGETS, buildTray } from './build.ts';
import { electronBinary } from './electron-binary.ts';

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
  child.on('error', (error) => {
    process.stderr.write(`${binary} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
