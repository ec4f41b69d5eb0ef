import path from 'node:path';
import { expect, it } from 'vitest';
import { electronBinary } from '../../../tray-ui/build/electron-binary.ts';
import { runClient } from '../../kit/clients.ts';
import { cleanEnvironment } from '../../kit/office.ts';

const ROOT = path.join(import.meta.dirname, '..', '..', '..');

it('npm run tray says where Electron is missing, and what to do instead', async (context) => {
  if (electronBinary() !== undefined) return context.skip('the Electron binary is here');
  const ran = await runClient('npm', ['run', '--silent', 'tray'], {
    cwd: ROOT,
    env: cleanEnvironment(),
    timeoutMs: 20_000,
  });
  expect(ran.code).toBe(1);
  expect(ran.stdout).toContain('npx install-electron');
  expect(ran.stdout).toContain('npm run tray:preview');
  expect(ran.stderr).toBe('');
}, 30_000);
