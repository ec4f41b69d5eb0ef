/**
 * Texts that are on any developer's machine and hold nothing sensitive: sources, prose, data. What a detector finds
 * there is a false alarm (or an author's e-mail address, for detectors that look for such).
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface CorpusText {
  readonly path: string;
  readonly text: string;
}

export type CorpusName = 'sources' | 'readmes' | 'python' | 'go' | 'system docs';

const MAX_FILE_CHARACTERS = 3e6;
const DEFAULT_MEGABYTES = 20;
const SOURCE = /\.(?:[cm]?[jt]sx?|go|py|json|[ch]|cc|ya?ml|java|rs|toml|css|html)$/;
const README = /\.md$/i;
const PROSE = /copyright|readme|\.(?:txt|md|html|rst)$|^[A-Z.]+$/i;

const PLACES: Readonly<Record<CorpusName, { roots: readonly string[]; files: RegExp }>> = {
  sources: { roots: ['node_modules'], files: SOURCE },
  readmes: { roots: ['node_modules'], files: README },
  python: { roots: ['/usr/lib/python3.11', '/usr/lib/python3.12', '/usr/lib/python3.13'], files: /\.py$/ },
  go: { roots: ['/usr/local/go/src'], files: /\.go$/ },
  'system docs': { roots: ['/usr/share/doc'], files: PROSE },
};

export const CORPUS_NAMES = Object.keys(PLACES) as readonly CorpusName[];

/** The texts of one corpus, the same ones in the same order at every run; none where the machine lacks it. */
export function* corpusOf(name: CorpusName, megabytes = DEFAULT_MEGABYTES): Generator<CorpusText> {
  const { roots, files } = PLACES[name];
  let characters = 0;
  for (const root of roots) {
    for (const file of filesBelow(root)) {
      if (!files.test(path.basename(file))) continue;
      const text = readFileSync(file, 'utf8');
      if (text.length > MAX_FILE_CHARACTERS) continue;
      characters += text.length;
      if (characters > megabytes * 1e6) return;
      yield { path: file, text };
    }
  }
}

function* filesBelow(directory: string): Generator<string> {
  for (const entry of entriesOf(directory)) {
    const child = path.join(directory, entry.name);
    // Caches that tools keep in folders of their own aren't the same at every run.
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) yield* filesBelow(child);
    else if (entry.isFile()) yield child;
  }
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
