import type { App, Catalogue } from '../../../policies/schema/catalogue.ts';
import { type ProcessIdentity, programName } from '../core/process.ts';

export type FindApp = (process: ProcessIdentity) => App | undefined;

/**
 * Which app of the catalogue a program is, by its file: what an interpreter runs (package, then script) says more than
 * the interpreter, and so does the folder that it lies in; a longer path says more than a name.
 */
export function compileProcessIdentification({ apps }: Catalogue): FindApp {
  const byPackage = new Map<string, App>();
  const byScript = new Map<string, App>();
  const byFolder = new Map<string, App>();
  const special: Programs = { byName: new Map(), byTail: [] };
  const generic: Programs = { byName: new Map(), byTail: [] };
  for (const app of apps) {
    const { packages = [], scripts = [], folders = [], executables = [] } = app.process ?? {};
    for (const name of packages) setFirst(byPackage, name.toLowerCase(), app);
    for (const name of scripts) setFirst(byScript, name.toLowerCase(), app);
    for (const name of folders) setFirst(byFolder, name.toLowerCase(), app);
    const programs = app.process?.generic === undefined ? special : generic;
    for (const tail of executables) {
      if (/[*/]/.test(tail)) programs.byTail.push({ fits: tailPattern(tail), app });
      else setFirst(programs.byName, tail.toLowerCase(), app);
    }
  }
  const find: FindApp = (process) => {
    const path = process.executable.toLowerCase().replaceAll('\\', '/');
    return (
      at(byPackage, process.packageName) ??
      at(byScript, process.script) ??
      programAt(path, special) ??
      firstFolder(path, byFolder) ??
      programAt(path, generic)
    );
  };
  // Asked for each call of a connection; its process is one object.
  const known = new WeakMap<ProcessIdentity, { readonly app: App | undefined }>();
  return (process) => {
    let answer = known.get(process);
    if (answer === undefined) {
      answer = { app: find(process) };
      known.set(process, answer);
    }
    return answer.app;
  };
}

interface Programs {
  readonly byName: Map<string, App>;
  readonly byTail: { readonly fits: RegExp; readonly app: App }[];
}

const programAt = (path: string, { byTail, byName }: Programs): App | undefined =>
  byTail.find(({ fits }) => fits.test(path))?.app ?? at(byName, programName(path));

function setFirst(map: Map<string, App>, key: string, app: App): void {
  if (!map.has(key)) map.set(key, app);
}

const at = (map: ReadonlyMap<string, App>, name: string | undefined): App | undefined =>
  name === undefined ? undefined : map.get(name.toLowerCase());

function firstFolder(path: string, byFolder: ReadonlyMap<string, App>): App | undefined {
  for (const folder of path.split('/').slice(0, -1)) {
    const app = byFolder.get(folder);
    if (app !== undefined) return app;
  }
  return undefined;
}

/** The last segments of a path; `*` is any run of characters in one of them. */
function tailPattern(tail: string): RegExp {
  const pattern = tail
    .toLowerCase()
    .split('*')
    .map((literal) => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`(?:^|/)${pattern}(?:\\.exe)?$`);
}
