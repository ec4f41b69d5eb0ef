/**
 * Builds the tray: a renderer for Electron, the same with the preview's bridge, the main process, the preload script and
 * the icons.
 */
import path from 'node:path';
import { build, type InlineConfig } from 'vite';
import { writeAppIcons, writeTrayIcons } from './icons.ts';

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
  ],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: path.join(DIST, outDir), emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0 },
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

const TARGETS: Readonly<Record<string, () => Promise<unknown>>> = {
  renderer: () => build(page('renderer', './main.tsx')),
  preview: () => build(page('preview', './preview.tsx')),
  main: () => build(node('main', 'es')),
  // A sandboxed preload script can't be an ES module (electronjs.org/docs/latest/tutorial/esm).
  preload: () => build(node('preload', 'cjs')),
  icons: () => writeTrayIcons(path.join(DIST, 'icons')),
  // For the packager only.
  resources: () => writeAppIcons(path.join(DIST, 'resources')),
};
/** What the app needs to run. */
export const APP_TARGETS = ['renderer', 'main', 'preload', 'icons'] as const;

export async function buildTray(names: readonly string[] = Object.keys(TARGETS)): Promise<void> {
  for (const name of names) {
    const target = TARGETS[name];
    if (target === undefined)
      throw new Error(`There is no "${name}" to build; there are ${Object.keys(TARGETS).join(', ')}.`);
    await target();
  }
}
