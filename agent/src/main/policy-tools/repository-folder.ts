import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { TARGETS_FOLDER } from '../../../../policies/bundle/names.ts';
import type { RepositoryFiles } from '../../../../policies/bundle/repository.ts';

/** A bundle repository in a folder. Nothing in it is secret, and only `timestamp.json` is ever written twice. */
export function repositoryFolder(directory: string): RepositoryFiles {
  return {
    read(name) {
      const file = path.join(directory, name);
      return existsSync(file) ? readFileSync(file) : undefined;
    },
    write(name, bytes) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      const temporary = `${file}.tmp`;
      writeFileSync(temporary, bytes);
      renameSync(temporary, file);
    },
  };
}

/**
 * Copies to where it is served from, in an order that never shows a device half a push: files that metadata names
 * come before it, and the timestamp, which leads to all of them, comes last.
 */
export function copyRepository(
  from: string,
  to: string,
): { readonly copied: number; readonly present: number } {
  const names = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)))
    .sort((a, b) => rank(a) - rank(b));
  let copied = 0;
  for (const name of names) {
    const target = path.join(to, name);
    if (name !== 'timestamp.json' && existsSync(target)) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.join(from, name), `${target}.tmp`);
    renameSync(`${target}.tmp`, target);
    copied += 1;
  }
  return { copied, present: names.length - copied };
}

function rank(name: string): number {
  if (name.startsWith(TARGETS_FOLDER)) return 0;
  if (name === 'timestamp.json') return 4;
  if (name.endsWith('.root.json')) return 3;
  return name.endsWith('.snapshot.json') ? 2 : 1;
}
