/**
 * Builds the tray: a renderer for Electron, the same with the preview's bridge, the main process, the preload script and
 * the icons.
 */
import path from 'node:path';
import { build, type InlineConfig } from 'vite';
import { writeAppIcons, writeTrayIcons } from './icons.ts';
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
  // Whatever NODE_ENV says: the other kind of JSX carries the names of the build machine's files.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  build: { outDir: path.resolve(DIST, outDir), emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0 },
});

/** Node code of Electron's: `electron` and Node's own modules stay imports, all else goes in. */
const node = (folder: string, name: string, format: 'es' | 'cjs'): InlineConfig => ({
  ...common,
  root: TRAY,
  ssr: { noExternal: true, external: ['electron'] },
  build: {
    ssr: true,
    outDir: path.join(folder, name),
    emptyOutDir: true,
    target: 'node24',
    rollupOptions: {
      input: path.join(TRAY, 'src', name, `${name}.ts`),
      output: { format, entryFileNames: `${name}.${format === 'cjs' ? 'cjs' : 'js'}` },
    },
  },
});

const targetsIn = (folder: string): Readonly<Record<string, () => Promise<unknown>>> => ({
  renderer: () => build(page(path.join(folder, 'renderer'), './main.tsx')),
  preview: () => build(page(path.join(folder, 'preview'), './preview.tsx')),
  main: () => build(node(folder, 'main', 'es')),
  // A sandboxed preload script can't be an ES module (electronjs.org/docs/latest/tutorial/esm).
  preload: () => build(node(folder, 'preload', 'cjs')),
  icons: () => writeTrayIcons(path.join(folder, 'icons')),
  // For the packager only.
  resources: () => writeAppIcons(path.join(folder, 'resources')),
});
/** What the app needs to run. */
export const APP_TARGETS = ['renderer', 'main', 'preload', 'icons'] as const;

/** `folder`: another one where several builds may run at once. */
export async function buildTray(names?: readonly string[], folder: string = DIST): Promise<void> {
  const targets = targetsIn(folder);
  for (const name of names ?? Object.keys(targets)) {
    const target = targets[name];
    if (target === undefined)
      throw new Error(`There is no "${name}" to build; there are ${Object.keys(targets).join(', ')}.`);
    await target();
  }
}

/** The preview's page in a folder of its own: several test files may build at once. */
export const buildPreviewInto = async (folder: string): Promise<void> => {
  await build(page(folder, './preview.tsx'));
};
