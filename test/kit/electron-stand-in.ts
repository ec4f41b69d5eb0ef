/** What a packager takes for Electron: the files it looks for, and a program that only carries a fuse wire. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** github.com/electron/fuses: a sentinel, version, number of fuses, one character for each; here all off. */
const FUSE_COUNT = 9;
const FUSE_WIRE = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, FUSE_COUNT]),
  Buffer.from('0'.repeat(FUSE_COUNT)),
]);
/** The opposite of what the app wants, so that unset ones show. */
const SHIPPED = '101001010';

const ENGLISH = 1033;
const UTF_16 = 1200;

export async function writeStandIn(
  folder: string,
  os: 'linux' | 'win',
  builder: NodeJS.Require,
): Promise<void> {
  const resources = path.join(folder, 'resources');
  const emptyApp = `${folder}-default-app`;
  for (const each of [resources, path.join(folder, 'locales'), emptyApp])
    mkdirSync(each, { recursive: true });
  writeFileSync(path.join(emptyApp, 'package.json'), '{}');
  const asar = (await import(builder.resolve('@electron/asar'))) as {
    createPackage(from: string, to: string): Promise<void>;
  };
  await asar.createPackage(emptyApp, path.join(resources, 'default_app.asar'));
  for (const language of ['en-US', 'en-GB', 'de', 'nb', 'fr'])
    writeFileSync(path.join(folder, 'locales', `${language}.pak`), '');
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version'])
    writeFileSync(path.join(folder, name), '');
  const wire = Buffer.from(FUSE_WIRE);
  wire.write(SHIPPED, wire.length - FUSE_COUNT, 'latin1');
  if (os === 'linux') writeFileSync(path.join(folder, 'electron'), wire, { mode: 0o755 });
  else writeFileSync(path.join(folder, 'electron.exe'), await windowsProgram(wire, builder));
}

interface VersionInfo {
  lang: number;
  setFileVersion(major: number, minor: number, micro: number, revision: number, language: number): void;
  setStringValues(of: { lang: number; codepage: number }, values: Record<string, string>): void;
  outputToResourceEntries(entries: unknown[]): void;
}
interface ResourceEditor {
  readonly NtExecutable: { createEmpty(is32Bit: boolean, isLibrary: boolean): { generate(): ArrayBuffer } };
  readonly NtExecutableResource: {
    from(program: unknown): { entries: unknown[]; outputResource(to: unknown): void };
  };
  readonly Resource: { readonly VersionInfo: { createEmpty(): VersionInfo } };
}

/** A valid, empty Windows program with what the packager edits: a version, and room for its archive's hash. */
async function windowsProgram(wire: Buffer, builder: NodeJS.Require): Promise<Buffer> {
  const { NtExecutable, NtExecutableResource, Resource } = (await import(
    builder.resolve('resedit')
  )) as ResourceEditor;
  const program = NtExecutable.createEmpty(false, false);
  const resources = NtExecutableResource.from(program);
  const version = Resource.VersionInfo.createEmpty();
  version.lang = ENGLISH;
  version.setFileVersion(1, 0, 0, 0, ENGLISH);
  version.setStringValues({ lang: ENGLISH, codepage: UTF_16 }, { ProductName: 'stand-in' });
  version.outputToResourceEntries(resources.entries);
  const bin = new Uint8Array(wire).buffer;
  resources.entries.push({ type: 'FUSES', id: 1, lang: ENGLISH, codepage: UTF_16, bin });
  resources.outputResource(program);
  return Buffer.from(program.generate());
}
