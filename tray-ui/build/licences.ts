import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

const PLACE = /(["'`])@postern-licences@\1/;

/**
 * Puts the licence texts of the packages that the bundle really contains where the window's last page shows them, and
 * beside it as a file.
 */
export function licences(fileName: string): Plugin {
  return {
    name: 'postern-licences',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((output) =>
        output.type === 'chunk' ? output.moduleIds : [],
      );
      const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []));
      const texts = [...folders].sort().map(licenceOf);
      const source = texts.join('\n');
      const place = Object.values(bundle).find(
        (output) => output.type === 'chunk' && PLACE.test(output.code),
      );
      if (place?.type !== 'chunk') throw new Error('The window has no place for licences.');
      place.code = place.code.replace(PLACE, () => JSON.stringify(source));
      this.emitFile({ type: 'asset', fileName, source });
    },
  };
}

/** `…/node_modules/@preact/signals` of a file somewhere below. */
function packageFolder(file: string): string | undefined {
  return /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/@]+)[\\/]/.exec(file)?.[1];
}

function licenceOf(folder: string): string {
  const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file === undefined ? '' : readFileSync(path.join(folder, file), 'utf8');
  // A package without a licence must not be shipped unseen.
  if (text === '' && about.license === undefined) throw new Error(`${about.name} names no licence.`);
  return `${about.name} ${about.version} (${about.license ?? 'see below'})\n\n${text.trim()}\n`;
}
