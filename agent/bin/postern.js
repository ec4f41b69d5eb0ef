#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { onNode24 } from './run-on-node24.js';

const PACKAGES = path.join(import.meta.dirname, '..', '..', 'node_modules');

const NURSERY = '--max-semi-space-size';

/**
 * Begins a long life with little memory (decision 0050): a proxy's garbage dies young, so the nursery may be small, and
 * V8's helper threads need no heap each (glibc); `gc()` lets it tidy up after the start (0053). All of it counts only at a
 * process's start, so it becomes itself once more: same process id, no second process. Windows has no such call; there
 * the agent just takes more.
 */
function liveSmall() {
  const isSmall = process.execArgv.some((flag) => flag.startsWith(NURSERY));
  if (process.argv[2] !== 'start' || isSmall || process.platform === 'win32') return;
  const words = [
    process.execPath,
    `${NURSERY}=8`,
    '--expose-gc',
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  process.execve(process.execPath, words, { MALLOC_ARENA_MAX: '2', ...process.env });
}

await onNode24(async () => {
  liveSmall();
  // Types are stripped once, not at every start. Beside the packages, where only who installed them can write.
  if (existsSync(PACKAGES)) module.enableCompileCache(path.join(PACKAGES, '.cache', 'postern'));
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
  // A socket that a client keeps open must not keep an ended command alive.
  setTimeout(() => process.exit(), 500).unref();
});
