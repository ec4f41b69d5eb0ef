import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openBrowser } from '../../agent/src/platform/browser.ts';
import { platform } from '../../agent/src/platform/platform.ts';

const URL_WITH_PARAMETERS = 'https://login.test/authorize?a=1&b=2';
let folder: string | undefined;
afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

describe('by which program', () => {
  it.each([
    ['linux', { DISPLAY: ':0' }, ['xdg-open', URL_WITH_PARAMETERS]],
    ['linux', { WAYLAND_DISPLAY: 'w' }, ['xdg-open', URL_WITH_PARAMETERS]],
    ['linux', {}, undefined],
    ['darwin', {}, ['/usr/bin/open', URL_WITH_PARAMETERS]],
    ['win32', {}, ['rundll32.exe', 'url.dll,FileProtocolHandler', URL_WITH_PARAMETERS]],
  ] as const)('%s with %j', (os, env, command) => {
    expect(platform(os).browserCommand(URL_WITH_PARAMETERS, env)).toEqual(command);
  });
});

describe('opening', () => {
  const fakeOpener = (exitCode: number): Record<string, string> => {
    folder = mkdtempSync(path.join(tmpdir(), 'postern-browser-'));
    const file = path.join(folder, 'xdg-open');
    writeFileSync(file, `#!/bin/sh\nprintf %s "$1" > ${folder}/shown\nexit ${exitCode}\n`);
    chmodSync(file, 0o755);
    return { PATH: `${folder}:/usr/bin:/bin`, DISPLAY: ':0' };
  };
  const linux = platform('linux');

  it('hands over the address whole', async () => {
    expect(await openBrowser(linux, URL_WITH_PARAMETERS, fakeOpener(0))).toBe(true);
    expect(readFileSync(`${folder}/shown`, 'utf8')).toBe(URL_WITH_PARAMETERS);
  });

  it('tells if nothing could be shown', async () => {
    expect(await openBrowser(linux, URL_WITH_PARAMETERS, fakeOpener(3))).toBe(false);
    expect(await openBrowser(linux, URL_WITH_PARAMETERS, {})).toBe(false);
    expect(await openBrowser(linux, URL_WITH_PARAMETERS, { PATH: '/nowhere', DISPLAY: ':0' })).toBe(false);
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'ms-settings:network'])('never %s', async (url) => {
    expect(await openBrowser(linux, url, fakeOpener(0))).toBe(false);
  });
});
