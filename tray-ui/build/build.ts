/**
 * Builds the tray: a renderer for Electron, the same with the preview's bridge, the main process and the preload script.
 * `node build.ts [renderer|preview|main|preload …]`; all of them if none is named.
 */
import path from 'node:path';
import { build, type InlineConfig } from 'vite';
import { licences } from './licences.ts';

const TRAY = path.join(import.meta.dirname, '..');
export const DIST = path.join(TRAY, 'dist');

const common: InlineConfig = { configFile: false, logLevel: 'warn', envDir: false };

/** `entry`: the module that the page starts with; the preview's installs its bridge first. */
const page = (outDir: string, entry: string): InlineConfig => ({
  ...common,
  root: path.join(TRAY, 'src', 'renderer'),
  base: './',
  plugins: [
    {
      name: 'postern-entry',
      transformIndexHtml: { order: 'pre', handler: (html) => html.replace('./main.tsx', entry) },
    },
    licences('licences.txt'),
  ],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: path.resolve(DIST, outDir), emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0 },
});

/** Node code of Electron's: `electron` and Node's own modules stay imports, all else goes in. */
const node = (name: string, format: 'es' | 'cjs'): InlineConfig => ({
  ...common,
  root: TRAY,
  ssr: { noExternal: true, external: ['electron'] },
  build: {
    ssr: true,
    outDir: path.join(DIST, name),
    emptyOutDir: true,
    target: 'node24',
    rollupOptions: {
      input: path.join(TRAY, 'src', name, `${name}.ts`),
      output: { format, entryFileNames: `${name}.${format === 'cjs' ? 'cjs' : 'js'}` },
    },
  },
});

const TARGETS: Readonly<Record<string, InlineConfig>> = {
  renderer: page('renderer', './main.tsx'),
  preview: page('preview', './preview.tsx'),
  main: node('main', 'es'),
  // A sandboxed preload script can't be an ES module (electronjs.org/docs/latest/tutorial/esm).
  preload: node('preload', 'cjs'),
};

export async function buildTray(names: readonly string[] = Object.keys(TARGETS)): Promise<void> {
  for (const name of names) {
    const target = TARGETS[name];
    if (target === undefined)
      throw new Error(`There is no "${name}" to build; there are ${Object.keys(TARGETS).join(', ')}.`);
    await build(target);
  }
}

/** The preview's page in a folder of its own: several test files may build at once. */
export const buildPreviewInto = async (folder: string): Promise<void> => {
  await build(page(folder, './preview.tsx'));
};

if (import.meta.main) await buildTray(process.argv.length > 2 ? process.argv.slice(2) : undefined);
