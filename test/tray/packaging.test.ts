/**
 * electron-builder's own command packs the app for Linux and Windows around a stand-in for Electron, which the build
 * machine needn't have. The stand-in carries a fuse wire, so that what is set on it can be read back; that the real
 * binary obeys it only shows where one is.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTray } from '../../tray-ui/build/build.ts';
import { npmClient } from '../kit/clients.ts';
import { writeStandIn } from '../kit/electron-stand-in.ts';

const exec = promisify(execFile);
const TRAY = path.join(import.meta.dirname, '..', '..', 'tray-ui');
const CONFIG_FILE = path.join(TRAY, 'electron-builder.json');
const readConfig = () => JSON.parse(readFileSync(CONFIG_FILE, 'utf8')) as Record<string, unknown>;

const builder = await npmClient('electronBuilder');
const missing = 'missing' in builder ? builder.missing : undefined;
const builderFile = 'file' in builder ? builder.file : '';
const folder = mkdtempSync(path.join(tmpdir(), 'postern-pack-'));

beforeAll(async () => {
  if (missing === undefined) await buildTray();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('electron-builder.json', () => {
  it('is what the packager itself calls valid', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await expect(validate(readConfig())).resolves.toBeUndefined();
    // The check is one: a misspelt fuse is refused.
    const wrong = { ...readConfig(), electronFuses: { runAsNod: false } };
    await expect(validate(wrong)).rejects.toThrow(/electronFuses/);
  });

  it('turns off every way of making the app run something else', () => {
    expect(readConfig()['electronFuses']).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableCookieEncryption: true,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('names the app as the app names itself', () => {
    const source = readFileSync(path.join(TRAY, 'src', 'main', 'tray-app.ts'), 'utf8');
    expect(source).toContain(`const APP_ID = '${String(readConfig()['appId'])}'`);
  });
});

describe.each([
  { os: 'linux', executable: 'postern-tray', unpacked: 'linux-unpacked' },
  { os: 'win', executable: 'postern-tray.exe', unpacked: 'win-unpacked' },
] as const)('packed by --$os --dir', ({ os, executable, unpacked }) => {
  const out = path.join(folder, os);
  const packed = path.join(out, unpacked);
  const archive = path.join(packed, 'resources', 'app.asar');

  beforeAll(async () => {
    if (missing !== undefined) return;
    const distribution = path.join(folder, `stand-in-${os}`);
    await writeStandIn(distribution, os, createRequire(builderFile));
    const settings = [`-c.electronDist=${distribution}`, `-c.directories.output=${out}`];
    const words = [builderFile, `--${os}`, '--dir', '--x64', '--publish', 'never', '--projectDir', TRAY];
    await exec(process.execPath, [...words, ...settings], { timeout: 150_000 });
  }, 180_000);

  it('holds the built app and nothing else', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const files = (await listArchive(archive)).filter((name) => path.posix.extname(name) !== '');
    expect(files).toEqual(expect.arrayContaining(['/package.json', '/dist/main/main.js']));
    expect(files).toEqual(
      expect.arrayContaining([
        '/dist/preload/preload.cjs',
        '/dist/renderer/index.html',
        '/dist/icons/off.ico',
      ]),
    );
    const allowed =
      /^\/(package\.json|dist\/main\/main\.js|dist\/preload\/preload\.cjs|dist\/renderer\/(index\.html|licences\.txt|assets\/[\w.-]+\.(js|css|svg|woff2))|dist\/icons\/[\w@.]+\.(png|ico))$/;
    expect(files.filter((name) => !allowed.test(name))).toEqual([]);
    expect(existsSync(`${archive}.unpacked`)).toBe(false);
    expect(readdirSync(path.join(packed, 'resources')).sort()).toEqual(['app.asar', 'default_app.asar']);
  });

  it('is called by its name: folders, notifications and links go by it', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { extractFile } = await asarOf();
    expect(JSON.parse(extractFile(archive, 'package.json').toString())).toEqual({
      name: '@postern/tray-ui',
      version: '0.1.0',
      private: true,
      productName: 'Postern',
      desktopName: 'postern-tray.desktop',
      description: expect.any(String),
      license: 'Apache-2.0',
      type: 'module',
      main: 'dist/main/main.js',
    });
  });

  it('carries no source map, no path of the build machine, no secret, no test', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { extractFile } = await asarOf();
    for (const name of await listArchive(archive)) {
      if (!/\.(js|cjs|html|css|json)$/.test(name)) continue;
      const text = extractFile(archive, name.slice(1)).toString();
      const unwanted = /sourceMappingURL|PRIVATE KEY-----|vitest|fast-check|devDependencies/.exec(text)?.[0];
      expect(unwanted, name).toBeUndefined();
      expect(text.includes(path.dirname(TRAY)), `${name} names a folder of the build machine`).toBe(false);
    }
  });

  it('has its fuses set', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { getCurrentFuseWire, FuseV1Options } = await fusesOf();
    const wire = await getCurrentFuseWire(path.join(packed, executable));
    const isOn = (name: string): boolean =>
      String.fromCharCode(wire[FuseV1Options[name] as number] as number) === '1';
    expect(
      Object.fromEntries(Object.keys(FUSES).map((name) => [name, isOn(name)])),
      'as read from the stand-in',
    ).toEqual(FUSES);
  });

  if (os === 'win')
    it('names the archive’s hash in the program', async (context) => {
      if (missing !== undefined) return context.skip(missing);
      const program = readFileSync(path.join(packed, executable)).toString('latin1');
      expect(program).toMatch(/"file":"resources\\\\app\.asar","alg":"SHA256","value":"[0-9a-f]{64}"/);
    });
});

/** Every fuse that the packager's configuration speaks of, by @electron/fuses' names. */
const FUSES: Readonly<Record<string, boolean>> = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  GrantFileProtocolExtraPrivileges: false,
};

interface Asar {
  listPackage(archive: string, options: { isPack: boolean }): string[];
  extractFile(archive: string, name: string): Buffer;
}
interface Fuses {
  readonly FuseV1Options: Readonly<Record<string, number | string>>;
  getCurrentFuseWire(file: string): Promise<Readonly<Record<number, number>>>;
}

/** The packager's own packages, from where it was installed. */
const fromBuilder = (name: string): Promise<unknown> => import(createRequire(builderFile).resolve(name));
const asarOf = async (): Promise<Asar> => (await fromBuilder('@electron/asar')) as Asar;
const fusesOf = async (): Promise<Fuses> => (await fromBuilder('@electron/fuses')) as Fuses;

async function listArchive(archive: string): Promise<string[]> {
  const { listPackage } = await asarOf();
  return listPackage(archive, { isPack: false });
}

async function validate(config: Record<string, unknown>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const library = createRequire(builderFile);
  const { validateConfiguration } = library('app-builder-lib/out/util/config/config.js') as {
    validateConfiguration(config: unknown, log: unknown): Promise<void>;
  };
  const { DebugLogger } = library('builder-util') as { DebugLogger: new (isEnabled: boolean) => unknown };
  await validateConfiguration(config, new DebugLogger(false));
}
